// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Exports, changes behind them and policies that change, in a folder that the daemon watches.
@Suite(.serialized) struct ReadTests {
    @Test func changesFollowAndAChangedPolicyWaits() async throws {
        try await MusterFixture.withMuster { muster in
            var daemon = try await muster.serve()
            #expect(try await muster.muster("app", "create", "Harbour").code == 0)
            try FileManager.default.createDirectory(atPath: muster.inbox, withIntermediateDirectories: true)
            func drop(_ name: String, _ text: String) throws {
                try text.write(toFile: "\(muster.folder)/part", atomically: false, encoding: .utf8)
                try FileManager.default.moveItem(atPath: "\(muster.folder)/part", toPath: "\(muster.inbox)/\(name)")
            }
            func runs() async throws -> [[String: Any]] {
                let out = try await muster.muster("sync", "runs", "--json").out
                return try (JSONSerialization.jsonObject(with: Data(out.utf8)) as? [[String: Any]]) ?? []
            }
            func latest() async throws -> (id: Int, state: String, code: String) {
                let run = try await runs().first ?? [:]
                return (run["run"] as? Int ?? 0, run["state"] as? String ?? "", run["code"] as? String ?? "")
            }
            try Self.policy("cn").write(toFile: "\(muster.policies)/harbour.yaml", atomically: true, encoding: .utf8)
            try drop("full.ldif", (1...5).map(Self.person).joined())
            try drop("c-1.ldif", "dn: uid=p1,dc=x\nchangetype: modify\nreplace: cn\ncn: Renamed\n-\n\n")
            try drop("c-2.ldif", "dn: uid=p2,dc=x\nchangetype: delete\n\n")
            try await MusterFixture.eventually("all three are taken") {
                let states = try await runs().map { $0["state"] as? String }
                return states == ["done", "done", "done"]
            }

            // Again from the start: nothing is undone, and the changes need no run.
            #expect(try await daemon.end(SIGKILL) != 0)
            daemon = try await muster.serve()
            try await MusterFixture.eventually("the export was looked at again") {
                let run = try await latest()
                return run.id == 4 && run.state == "unchanged"
            }
            try drop("c-3.ldif", "dn: uid=p3,dc=x\nchangetype: delete\n\n")
            try await MusterFixture.eventually("the next is taken") {
                let run = try await latest()
                return run.id > 4 && run.state == "done"
            }

            // By command, what is not used yet; and by the daemon, what is.
            try Self.policy("[sn, cn]").write(toFile: "\(muster.folder)/draft.yaml", atomically: true, encoding: .utf8)
            let draft = try await muster.muster("sync", "plan", "\(muster.folder)/draft.yaml", "--kept")
            #expect(draft.code == 0, "\(draft.error)")
            #expect(draft.out.contains("3 to update"), "\(draft.out)")
            try Self.policy("[sn, cn]").write(toFile: "\(muster.policies)/harbour.yaml", atomically: true, encoding: .utf8)
            try await MusterFixture.eventually("the changed policy waits") {
                let run = try await latest()
                return run.state == "held" && run.code == "policy_changed"
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: muster.inbox) {
                try FileManager.default.removeItem(atPath: "\(muster.inbox)/\(name)")
            }
            let held = try await latest().id
            try Self.policy("[uid, cn]").write(toFile: "\(muster.policies)/harbour.yaml", atomically: true, encoding: .utf8)
            try await MusterFixture.eventually("without any file, by the read that is kept") {
                let run = try await latest()
                return run.id > held && run.state == "held" && run.code == "policy_changed"
            }
            let release = try await muster.muster("sync", "apply", "--plan", "\(try await latest().id)", "--release")
            #expect(release.code == 0, "\(release.out)\(release.error)")
            #expect(try await muster.muster("sync", "plan", "harbour", "--kept").out.contains("nothing to change"))
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    private static func person(_ number: Int) -> String {
        """
        dn: uid=p\(number),dc=x
        objectClass: inetOrgPerson
        entryUUID: 00000000-0000-4000-8000-00000000000\(number)
        uid: p\(number)
        cn: Person \(number)
        sn: P\(number)
        mail: p\(number)@example.org


        """
    }

    private static func policy(_ name: String) -> String {
        """
        policy: harbour
        platform_app: Harbour
        source: harbour
        read: {files: inbox/full*.ldif, changes: inbox/c-*.ldif}
        people: {where: (objectClass=inetOrgPerson), email: mail, name: \(name)}
        guards: {removals: {percent: 100}}
        """
    }
}
