// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The journal by the program: diffs, decisions, undo, reports and explanations.
@Suite(.serialized) struct JournalCommandTests {
    @Test func aRunIsReadDecidedUndoneAndExplained() async throws {
        try await MusterFixture.withMuster { muster in
            func run(_ words: String..., code: Int32 = 0) async throws -> String {
                let answer = try await muster.muster(words)
                #expect(answer.code == code, "\(words) \(answer.out)\(answer.error)")
                return code == 0 || answer.error.isEmpty ? answer.out : answer.error
            }
            func json(_ words: String...) async throws -> Any {
                let answer = try await muster.muster(words + ["--json"])
                return try JSONSerialization.jsonObject(with: Data(answer.out.utf8))
            }
            try FileManager.default.createDirectory(atPath: muster.policies, withIntermediateDirectories: true)
            try Self.policy.write(toFile: "\(muster.policies)/port.yaml", atomically: true, encoding: .utf8)
            func export(_ names: [String]) throws -> String {
                let path = "\(muster.folder)/export.json"
                let people = names.enumerated().map { index, name in
                    """
                    {"dn":"uid=\(index),dc=example,dc=org","attributes":{"entryUUID":"00000000-0000-4000-8000-00000000000\(index)",
                    "objectClass":["inetOrgPerson"],"mail":["p\(index)@example.org"],"cn":["\(name)"]}}
                    """
                }
                try "{\"entries\":[\(people.joined(separator: ","))]}".write(toFile: path, atomically: true, encoding: .utf8)
                return path
            }
            _ = try await run("app", "create", "Port")
            _ = try await run("sync", "apply", "port", export(["Ann", "Ben", "Cle"]))
            _ = try await run("sync", "plan", "port", export(["Anna", "Benno", "Cleo", "Dora"]))

            // The plan as people and programs read it.
            let diff = try await run("sync", "show", "2", "--diff")
            #expect(diff.contains("name: Ann → Anna  [people.name]") && diff.contains("changed in the export"))
            let account = try await run("sync", "show", "2", "--diff", "--by", "account")
            #expect(account.contains("Quay") && account.contains("p3@example.org") && account.contains("role in Quay: agent"))
            #expect(account.contains("In no account\n~ update user p0@example.org"))
            let action = try await run("sync", "show", "2", "--diff", "--by", "action")
            #expect(action.contains("To be made: 1\n") && action.contains("To be changed: 3\n"))
            #expect(!diff.contains("\u{1B}"), "no colour where nobody watches")
            let changes = try #require(try await json("sync", "show", "2", "--diff") as? [[String: Any]])
            #expect(changes.count == 4 && (changes[0]["fields"] as? [String: Any])?["name"] is [Any])
            let lines = try await run("sync", "show", "2", "--ndjson").split(separator: "\n")
            #expect(lines.count == 4)
            _ = try await run("sync", "show", "2", "--by", "person", code: 2)

            // One change is left out.
            let seq = try #require(changes.first { $0["label"] as? String == "p1@example.org" }?["seq"] as? Int)
            let rejected = try await run("sync", "reject", "2", "--change", "\(seq)", "--reason", "not yet")
            #expect(rejected.contains("1 changes of run 2 are rejected; in all 0 approved, 1 rejected."))
            _ = try await run("sync", "reject", "2", "--change", "77", code: 1)
            _ = try await run("sync", "approve", "77", "--action", "create", code: 1)
            #expect(
                try await run("sync", "show", "2", "--diff").contains("p1@example.org  #\(seq), changed in the export (rejected)")
            )
            #expect(try await run("sync", "apply", "--plan", "2").contains("1 changes were left out by a person"))

            // Undone, but for what was edited since.
            _ = try await run("user", "update", "p2@example.org", "--name", "By hand")
            let undo = try await run("sync", "undo", "2")
            #expect(undo.contains("which undoes run 2") && undo.contains("1 things cannot be undone"), "\(undo)")
            #expect(undo.contains("owned_by_person") && undo.contains("is held (code undone)"))
            #expect(try await run("sync", "undo", "2", "--apply").contains("done."))
            #expect(try await run("user", "show", "p0@example.org").contains("Ann\n"))
            _ = try await run("sync", "undo", "77", code: 1)
            let held = try await run("sync", "plan", "port", export(["Anna", "Ben", "By hand", "Dora"]), code: 3)
            #expect(held.contains("would do again what run 4 undid"))
            #expect(try await run("sync", "reject", "5", "--undone").contains("2 changes of run 5 are rejected"))

            // Why it is so, and what became of it.
            let why = try await run("explain", "p2@example.org")
            #expect(
                why.contains("set by command") && why.contains("rule people.name at \(muster.policies)/port.yaml:7"), "\(why)")
            let explained = try #require(try await json("explain", "p0@example.org") as? [String: Any])
            let fields = try #require(explained["fields"] as? [[String: Any]])
            let name = try #require(fields.first { $0["field"] as? String == "name" })
            #expect((name["set_by"] as? [String: Any])?["undoes"] as? Int == 2 && name["owner"] as? String == "policy")
            #expect(((explained["reads"] as? [[String: Any]])?.first)?["situation"] as? String == "would_change")
            #expect(try await run("explain", "1", "--account").contains("rule accounts.name at"))
            _ = try await run("explain", "nobody@example.org", code: 1)
            let report = try await run("sync", "report", "2")
            #expect(report.contains("proof") && report.contains("rejected by a person") && report.contains("time: plan"))
            let reported = try #require(try await json("sync", "report", "2") as? [String: Any])
            #expect(reported["proof"] as? String == "well_formed", "\(reported)")
            #expect((reported["decisions"] as? [String: Int])?["rejected"] == 1 && reported["file_sha256"] is String)
        }
    }

    private static let policy = """
        policy: port
        platform_app: Port
        source: port-ldap
        people:
          where: (objectClass=inetOrgPerson)
          email: mail
          name: cn
        accounts:
          - key: quay
            name: Quay
            members: everyone
        """
}
