// SPDX-License-Identifier: Apache-2.0
import Foundation
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
