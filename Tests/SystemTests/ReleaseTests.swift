// SPDX-License-Identifier: Apache-2.0
import Foundation
import Postgres
import Testing

/// What a person decides in the console, the real daemon carries out; what was done, the real command tells.
@Suite(.serialized) struct ReleaseTests {
    @Test func aReleasedPlanIsAppliedByTheDaemonAndTold() async throws {
        try await MusterFixture.withMuster { muster in
            let daemon = try await muster.serve()
            #expect(try await muster.muster("app", "create", "Harbour & Vale").code == 0)
            let policy = "\(MusterFixture.examples)/harbour.yaml"
            #expect(
                try await muster.muster("sync", "apply", policy, "\(MusterFixture.examples)/inbox/harbour.json").code == 0)
            let entries = try LifeTests.without(people: 20, of: "\(MusterFixture.examples)/inbox/harbour.json")
            try entries.write(toFile: "\(muster.folder)/cut.json", atomically: true, encoding: .utf8)
            let held = try await muster.muster("sync", "plan", policy, "\(muster.folder)/cut.json", "--json")
            #expect(held.code == 3, "\(held.out)")
            let run = try #require(
                try (JSONSerialization.jsonObject(with: Data(held.out.utf8)) as? [String: Any])?["run"] as? Int)

            // The mark that the console sets; that it does so, and for whom, is tested with the console.
            try await muster.withDatabase { database in
                try await database.execute(
                    "update runs set released_at = now(), decided_by = 'super_admin', decided_by_id = 1 where id = \(Int64(run))")
            }
            try await MusterFixture.eventually("the daemon applied the released plan") {
                try await muster.muster("sync", "show", "\(run)", "--json").out.contains(#""state":"done""#)
            }

            let csv = try await muster.muster("audit", "--format", "csv", "--action", "platform_app")
            let lines = csv.out.split(separator: "\r\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("id,created_at,actor,"), "\(csv.out)\(csv.error)")
            #expect(lines.last?.contains("platform_app.create") == true)
            let json = try await muster.muster("audit", "--json", "--actor", "command", "--limit", "1")
            let events = try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]]
            #expect(events?.count == 1 && events?.first?["actor"] as? String == "command")
            let table = try await muster.muster("audit", "--action", "platform_app.create")
            #expect(table.out.contains("Harbour & Vale"))
            let wrong = try await muster.muster("audit", "--from", "yesterday")
            #expect(wrong.code == 2 && wrong.error.contains("From must be a day or a time"))
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }
}
