// SPDX-License-Identifier: Apache-2.0
import Foundation
import Postgres
import Testing

/// Disputes, quarantine and policies in trouble by the program.
@Suite(.serialized) struct DisputeCommandTests {
    @Test func aDisputeIsListedResolvedAndGone() async throws {
        try await MusterFixture.withMuster { muster in
            func run(_ words: String..., code: Int32 = 0) async throws -> String {
                let answer = try await muster.muster(words)
                #expect(answer.code == code, "\(words) \(answer.out)\(answer.error)")
                return code == 0 || answer.error.isEmpty ? answer.out : answer.error
            }
            try FileManager.default.createDirectory(atPath: muster.policies, withIntermediateDirectories: true)
            try Self.policy.write(toFile: "\(muster.policies)/port.yaml", atomically: true, encoding: .utf8)
            let export = "\(muster.folder)/export.json"
            try Self.export.write(toFile: export, atomically: true, encoding: .utf8)
            _ = try await run("app", "create", "Port")
            #expect(try await run("sync", "disputes").contains("No entry waits for a person."))
            _ = try await run("user", "create", "ada@example.org", "--name", "Ada")
            _ = try await run("sync", "apply", "port", export)
            let listed = try await run("sync", "disputes", "--source", "quay")
            #expect(listed.contains("foreign_user") && listed.contains("ada@example.org (of no app)"), "\(listed)")

            #expect(try await run("sync", "resolve", "quay", "nobody", "--ignore", code: 1).contains("is disputed"))
            _ = try await run("sync", "resolve", "quay", "ada@example.org", code: 2)
            _ = try await run("sync", "resolve", "quay", "ada@example.org", "--ignore", "--reconsider", code: 2)
            let refused = try await run("sync", "resolve", "quay", "ada@example.org", "--link", "ada@example.org", code: 1)
            #expect(refused.contains("adopt it, which grants that"), "\(refused)")
            #expect(try await run("sync", "resolve", "quay", "ada@example.org", "--ignore").contains("left alone"))
            _ = try await run("sync", "resolve", "quay", "ada@example.org", "--reconsider")
            let adopted = try await run(
                "sync", "resolve", "quay", "00000000-0000-4000-8000-000000000001", "--adopt", "ada@example.org", "--json")
            let object = try #require(JSONSerialization.jsonObject(with: Data(adopted.utf8)) as? [String: Any])
            #expect(object["state"] as? String == "decided")
            #expect(try await run("sync", "apply", "port", export).contains("1"))
            #expect(try await run("sync", "disputes").contains("No entry waits for a person."))

            #expect(try await run("sync", "quarantine").contains("No entry is in quarantine."))
            #expect(try await run("sync", "quarantine", "--retry").contains("0 entries are tried again."))
            _ = try await run("sync", "quarantine", "--retry", "--number", "9", code: 1)
            _ = try await run("sync", "quarantine", "--number", "9", code: 2)
            #expect(try await run("sync", "retry").contains("No policy is in trouble."))
            #expect(try await run("sync", "retry", "port", code: 1).contains("is not in trouble"))
        }
    }

    /// A daemon that watches acts on what a person decides, and leaves a policy aside that its own limit refuses.
    @Test func theDaemonLooksAgainWhenAPersonDecides() async throws {
        try await MusterFixture.withMuster { muster in
            try FileManager.default.createDirectory(atPath: muster.policies, withIntermediateDirectories: true)
            let inbox = "\(muster.folder)/inbox"
            try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
            try (Self.policy + "\nread: {files: [\"\(inbox)/*.json\"]}\n").write(
                toFile: "\(muster.policies)/port.yaml", atomically: true, encoding: .utf8)
            let daemon = try await muster.serve()
            #expect(try await muster.muster("app", "create", "Port").code == 0)
            #expect(try await muster.muster("user", "create", "ada@example.org", "--name", "Ada").code == 0)
            try Self.export.write(toFile: "\(inbox)/export.json", atomically: true, encoding: .utf8)
            func disputes() async throws -> String { try await muster.muster("sync", "disputes").out }
            try await MusterFixture.eventually("the dispute") { try await disputes().contains("foreign_user") }
            #expect(
                try await muster.muster("sync", "resolve", "quay", "ada@example.org", "--adopt", "ada@example.org").code == 0)
            try await MusterFixture.eventually("the decision is carried out") { try await disputes().contains("No entry waits") }

            // More of it is unusable than the policy lets pass.
            try Self.broken.write(toFile: "\(inbox)/export.json", atomically: true, encoding: .utf8)
            func troubles() async throws -> String { try await muster.muster("sync", "retry").out }
            func runs() async throws -> Int {
                try await muster.withDatabase { postgres in
                    let rows = try await postgres.query("select count(*) as n from runs where code = 'unusable'")
                    return Int(try rows[0].decode(Int64.self, "n"))
                }
            }
            try await MusterFixture.eventually("the policy is put aside") { try await troubles().contains("yes") }
            #expect(try await runs() == 1)
            #expect(try await daemon.end(SIGTERM) == 0)

            // Nor is it run by the next daemon, until somebody asks.
            let next = try await muster.serve()
            try await MusterFixture.eventually("it is said") { next.text.contains("the policy is put aside") }
            #expect(try await runs() == 1)
            #expect(try await muster.muster("sync", "retry", "port").code == 0)
            try await MusterFixture.eventually("a person's run") { try await runs() == 2 }
            #expect(try await next.end(SIGTERM) == 0)
        }
    }

    private static let broken = """
        {"entries":[{"dn":"uid=ada,dc=example,dc=org","attributes":{"entryUUID":"00000000-0000-4000-8000-000000000001",
        "objectClass":["inetOrgPerson"],"mail":["ada@example.org"],"cn":["Ada"]}},
        {"dn":"uid=ben,dc=example,dc=org","attributes":{"entryUUID":"00000000-0000-4000-8000-000000000002",
        "objectClass":["inetOrgPerson"],"cn":["Ben"]}},
        {"dn":"uid=cle,dc=example,dc=org","attributes":{"entryUUID":"00000000-0000-4000-8000-000000000003",
        "objectClass":["inetOrgPerson"],"cn":["Cle"]}}]}
        """

    private static let policy = """
        policy: port
        platform_app: Port
        source: quay
        people:
          where: (objectClass=inetOrgPerson)
          id: entryUUID
          email: mail
          name: cn
        guards: {removals: {percent: 20}}
        """

    private static let export = """
        {"entries":[{"dn":"uid=ada,dc=example,dc=org","attributes":{"entryUUID":"00000000-0000-4000-8000-000000000001",
        "objectClass":["inetOrgPerson"],"mail":["ada@example.org"],"cn":["Ada"]}}]}
        """
}
