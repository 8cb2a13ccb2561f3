// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// An entry whose change was refused when it was applied is left out for a while, longer each time.
@Suite struct QuarantineTests {
    /// Two of five find no seat.
    private func full(_ world: SyncWorld) async throws -> (Policy, Run) {
        let policy = try Policy.crowd()
        try await world.reconcile(
            policy, Person.export([Person(id: 9, mail: "p9@example.org", name: "Nine", groups: ["support"])]))
        try await world.base.postgres.execute("update accounts set limits = '{\"agents\": 4}'")
        return (policy, try await world.reconcile(policy, export()))
    }

    private func export(_ change: (inout [Person]) -> Void = { _ in }) -> String {
        var people = Person.crowd(5) + [Person(id: 9, mail: "p9@example.org", name: "Nine", groups: ["support"])]
        change(&people)
        return Person.export(people)
    }

    private func entries(_ world: SyncWorld) async throws -> [QuarantinedEntry] {
        try await world.base.directory.quarantine.list(QuarantineFilter(), PageRequest(limit: 100), by: .command).items
    }

    /// The hours until the next try, as they were when it was set.
    private func hours(_ entry: QuarantinedEntry) -> Int64 {
        (entry.nextTryAt.microseconds - entry.lastTryAt.microseconds) / 3_600_000_000
    }

    @Test func whoIsRefusedIsLeftOutAndTriedAgain() async throws {
        try await withSyncWorld { world in
            let (policy, run) = try await full(world)
            #expect(run.counts["refused.no_seat"] == 2, "\(run.counts.values)")
            let first = try await entries(world)
            #expect(first.count == 2 && first.allSatisfy { $0.code == "no_seat" && $0.attempts == 1 && $0.action == "create" })
            #expect(first.allSatisfy { hours($0) == 1 && $0.runID == run.id && $0.entry?.hasSuffix("@example.org") == true })

            let next = try await world.reconcile(policy, export())
            #expect(next.state == .unchanged && next.counts["quarantined"] == 2, "\(next.counts.values)")
            let findings = try await world.reconciler.runs.findings(of: next.id)
            #expect(findings.map(\.code) == ["quarantined", "quarantined"])
            #expect(
                findings.allSatisfy { $0.detail.contains("no_seat") && $0.detail.contains("tried again from") }, "\(findings)")

            // Each time it takes longer, up to a day.
            for (attempt, pause) in [(2, 4), (3, 24), (4, 24)] {
                try await world.base.postgres.execute("update quarantined_entries set next_try_at = now()")
                #expect(try await world.reconciler.due().map(\.policy) == ["crowd"])
                let tried = try await world.reconcile(policy, export())
                #expect(tried.counts["refused.no_seat"] == 2)
                #expect(try await world.reconciler.due().isEmpty)
                let again = try await entries(world)
                #expect(again.allSatisfy { $0.attempts == attempt && hours($0) == Int64(pause) }, "\(again)")
                #expect(again.map(\.since.microseconds) == first.map(\.since.microseconds))
            }

            // One whose entry changes is tried at once, the other one is not.
            let name = try #require(first.first?.entry)
            let changed = try await world.reconcile(
                policy,
                export { people in
                    for index in people.indices where people[index].mail == name { people[index].name += " II" }
                })
            #expect(changed.counts["create"] == 1 && changed.counts["quarantined"] == 1)
            #expect(try await entries(world).map(\.attempts).sorted() == [1, 4])

            // A person asks; there are seats now.
            try await world.base.postgres.execute("update accounts set limits = '{}'")
            #expect(try await world.base.directory.quarantine.retry(QuarantineFilter(source: "other"), by: .command) == 0)
            #expect(try await world.base.directory.quarantine.retry(QuarantineFilter(source: "example"), by: .command) == 2)
            #expect(try await world.base.events("quarantine.retry") == 2)
            let done = try await world.reconcile(
                policy,
                export { people in
                    for index in people.indices where people[index].mail == name { people[index].name += " II" }
                })
            #expect(done.state == .done && done.counts["applied"] == 2)
            #expect(try await entries(world).isEmpty, "success clears it")
        }
    }

    @Test func anotherPolicyOrAnEntryThatWentEndsIt() async throws {
        try await withSyncWorld { world in
            let (_, _) = try await full(world)
            let names = try await entries(world).compactMap(\.entry)
            let other = try Policy.crowd(guards: "guards: {removals: {percent: 100}}\nenforcement: full")
            let gone = try await world.reconcile(other, export { people in people.removeAll { $0.mail == names[0] } })
            #expect(gone.counts["quarantined"] == 1)
            #expect(try await entries(world).compactMap(\.entry) == [names[1]], "who is not there is not left out")
            let renamed = try Policy.of(
                people: #"display_name: cn"#,
                accounts: """
                    accounts:
                      - key: support
                        name: Support
                        members: ["cn=support,ou=groups,dc=example,dc=org"]
                    """)
            let tried = try await world.reconcile(renamed, export { people in people.removeAll { $0.mail == names[0] } })
            #expect(
                tried.counts["quarantined"] == 0 && tried.counts["refused.no_seat"] == 1, "other rules: \(tried.counts.values)")
        }
    }

    @Test func whatPassesIsRetriedSoonAndNobodyIsLeftOut() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(4)
            try await world.reconcile(policy, Person.export(people))
            for index in people.indices { people[index].name += " II" }
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(people).utf8).write(to: file)
            let run = try await world.reconciler.plan(policy, file: file.path, actor: "test", applies: true)
            try await world.base.postgres.execute("update users set row_version = row_version + 1 where email = 'p1@example.org'")
            let done = try await world.reconciler.apply(run.id)
            #expect(done.counts["refused.stale"] == 1)
            #expect(try await entries(world).isEmpty)
            let pause = "select extract(epoch from retry_at - now())::bigint from policy_standings where retries = 1"
            let seconds = try await world.count(PostgresQuery(unescaped: pause))
            #expect(50...60 ~= seconds, "\(seconds)")
            #expect(try await world.reconciler.due().isEmpty, "not yet")
            try await world.base.postgres.execute("update policy_standings set retry_at = now()")
            #expect(try await world.reconciler.due().count == 1)
            #expect(try await world.reconcile(policy, Person.export(people)).counts["update"] == 1)
            #expect(try await world.count("select count(*) from policy_standings") == 0)
        }
    }
}
