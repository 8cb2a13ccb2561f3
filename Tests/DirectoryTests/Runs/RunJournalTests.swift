// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// Runs and their changes as operators read them: every combination of filters gives what a plain comparison gives.
@Suite struct RunJournalTests {
    /// A change as the test remembers it.
    private struct Fact {
        var seq: Int
        var kind: String
        var action: String
        var reason: String
        var refusal: String?
        var email: String
    }

    /// Three runs; the second one has 400 changes: accounts first, some refused, those of `create` without a user yet.
    private func fill(
        _ world: TestDirectory, state: String, _ random: inout SeededGenerator
    ) async throws -> (run: Int64, facts: [Fact]) {
        let app = try await world.app("HR")
        try await world.postgres.withConnection {
            try await $0.executeScript(
                """
                select ensure_changes_partition();
                insert into sources (platform_app_id, name) values (\(app.id), 's');
                insert into runs (platform_app_id, source_id, policy, state, planned_at, change_count, first_chunk_end)
                select \(app.id), 1, 'hr', '\(state)', now(), 400, 12 from generate_series(1, 3);
                insert into users (name, email) select 'Person ' || n, 'p' || n || '@x.org' from generate_series(1, 400) n;
                insert into accounts (name) select 'Account ' || n from generate_series(1, 10) n;
                """)
        }
        var facts: [Fact] = []
        for seq in 1...400 {
            let isAccount = seq <= 10
            let action = ["create", "update", "adopt", "suspend", "restore", "link"].randomElement(using: &random)!
            let fact = Fact(
                seq: seq, kind: isAccount ? "account" : "user", action: action,
                reason: ["a", "b"].randomElement(using: &random)!,
                refusal: Int.random(in: 0...4, using: &random) == 0 ? ["stale", "gone"].randomElement(using: &random)! : nil,
                email: isAccount ? "Account \(seq)" : "p\(seq)@x.org")
            facts.append(fact)
            let isPlanned = action == "create" && state != "done"
            let id = isPlanned ? Int64(10_000 + seq) : Int64(seq)
            let fields =
                isAccount
                ? "{\"name\":[null,\"\(fact.email)\",\"r\"]}"
                : isPlanned ? "{\"email\":[null,\"\(fact.email)\",\"r\"],\"name\":[null,\"Person \(seq)\",\"r\"]}" : "{}"
            try await world.postgres.execute(
                """
                insert into changes (run_id, seq, planned_at, kind, action, object_id, fields, reason)
                select r.id, \(Int32(seq)), r.planned_at, \(fact.kind)::text::object_kind, \(action), \(id), \(PostgresJSON(fields)), \(fact.reason)
                from runs r
                """)
            if let refusal = fact.refusal {
                try await world.postgres.execute(
                    "insert into change_refusals (run_id, seq, code) select id, \(Int32(seq)), \(refusal) from runs")
            }
        }
        return (2, facts)
    }

    private func randomFilter(_ random: inout SeededGenerator) -> RunChangeFilter {
        var filter = RunChangeFilter()
        if Bool.random(using: &random) {
            filter.action = ["create", "update", "suspend", "link"].randomElement(using: &random)!
        }
        if Bool.random(using: &random) { filter.kind = [.user, .account].randomElement(using: &random)! }
        if Bool.random(using: &random) { filter.reason = ["a", "b", "none"].randomElement(using: &random)! }
        if Int.random(in: 0...2, using: &random) == 0 { filter.refusal = [.any, .code("stale")].randomElement(using: &random)! }
        if Int.random(in: 0...2, using: &random) == 0 {
            filter.text = ["p17@x.org", "p31@x.org", "Person 9", "nobody", "x.org"].randomElement(using: &random)!
        }
        return filter
    }

    private func expected(_ filter: RunChangeFilter, _ facts: [Fact]) -> [Int] {
        facts.filter { fact in
            let refusalFits =
                switch filter.refusal {
                case nil: true
                case .any: fact.refusal != nil
                case .code(let code): fact.refusal == code
                }
            // A refused link is shown with the refusals.
            let actionFits = filter.action.map { $0 == fact.action } ?? (filter.refusal != nil || fact.action != "link")
            let textFits = filter.text.map { text in
                text.contains("@") || text == "nobody"
                    ? fact.email == text
                    : text == "x.org" ? fact.kind == "user" : fact.kind == "user" && "Person \(fact.seq)".hasPrefix(text)
            }
            return refusalFits && actionFits && (filter.kind.map { $0.rawValue == fact.kind } ?? true)
                && (filter.reason.map { $0 == fact.reason } ?? true) && (textFits ?? true)
        }.map(\.seq)
    }

    @Test(arguments: ["done", "held"]) func everyCombinationOfFiltersPagesToTheSameChanges(_ state: String) async throws {
        let seed: UInt64 = 4_711
        print("seed \(seed)")
        try await withDirectory { world in
            var random = SeededGenerator(seed: seed)
            let (run, facts) = try await fill(world, state: state, &random)
            var found = 0
            for _ in 0..<40 {
                let filter = randomFilter(&random)
                var seqs: [Int] = []
                var after: Int64? = 0
                while let position = after {
                    let page = try await world.directory.runs.changes(
                        of: run, filter, PageRequest(limit: 30, after: position), by: .command)
                    for change in page.items {
                        let fact = facts[change.seq - 1]
                        #expect(change.label == fact.email && change.action == fact.action && change.refusal == fact.refusal)
                    }
                    seqs += page.items.map(\.seq)
                    after = page.next
                }
                #expect(seqs == expected(filter, facts), "\(filter)")
                found += seqs.count
            }
            #expect(found > 150)
            let counts = try await world.directory.runs.refusalCounts(of: run, by: .command)
            #expect(counts.map(\.count).reduce(0, +) == Int64(facts.filter { $0.refusal != nil }.count))
        }
    }

    @Test func runsAreListedByPolicyAndState() async throws {
        try await withDirectory { world in
            let app = try await world.app("HR")
            let states = RunStatements.states
            try await world.postgres.execute("insert into sources (platform_app_id, name) values (\(app.id), 's')")
            try await world.postgres.execute(
                """
                insert into runs (platform_app_id, source_id, policy, state)
                select \(app.id), 1, (array['hr', 'crm', 'provision'])[1 + n % 3], (\(states))[1 + n % 10]
                from generate_series(1, 300) n order by n
                """)
            let journal = world.directory.runs
            #expect(try await journal.policies(by: .command) == ["crm", "hr"])
            for policy in [nil, "hr", "provision"] {
                for state in [nil, "held", "done"] {
                    var ids: [Int64] = []
                    var after: Int64? = 0
                    while let position = after {
                        let page = try await journal.list(
                            RunFilter(policy: policy, state: state), PageRequest(limit: 17, after: position), by: .command)
                        ids += page.items.map(\.id)
                        after = page.next
                    }
                    let expected = (1...300).filter { number in
                        let own = ["hr", "crm", "provision"][number % 3]
                        return (policy.map { $0 == own } ?? (own != "provision"))
                            && (state.map { $0 == states[number % 10] } ?? true)
                    }
                    #expect(ids == expected.reversed().map(Int64.init), "\(policy ?? "all") \(state ?? "all")")
                }
            }
            let latest = try await journal.latest(of: ["hr", "crm", "nobody"], by: .command)
            #expect(latest.mapValues(\.id) == ["hr": 300, "crm": 298])
        }
    }

    @Test func whoMayNotSeeARunDoesNotDecideIt() async throws {
        try await withDirectory { world in
            var random = SeededGenerator(seed: 1)
            let (run, _) = try await fill(world, state: "held", &random)
            let journal = world.directory.runs
            let app = try await world.app("CRM")
            await #expect(throws: DirectoryError.notFound) { try await journal.release(run, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) { try await journal.reject(run, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) { _ = try await journal.show(run, by: app.caller) }
            #expect(try await world.count("select count(*) from runs where decided_by is not null or state <> 'held'") == 0)
            let admin = try await world.superAdmin()
            await #expect(throws: DirectoryError.notFound) { try await journal.release(99, by: admin.caller) }
            try await journal.release(run, by: admin.caller)
            await #expect(throws: DirectoryError.self) { try await journal.release(run, by: admin.caller) }
            await #expect(throws: DirectoryError.self) { try await journal.reject(run, by: admin.caller) }
            try await journal.reject(3, reason: "old", by: admin.caller)
            let shown = try await journal.show(3, by: admin.caller)
            #expect(shown.state == "rejected" && shown.decidedBy == "root@example.org" && shown.reason == "old")
            let trail = try await world.text(
                "select string_agg(action || ' ' || subject_id, ', ' order by id) from audit_events where subject_kind = 'run'")
            #expect(trail == "run.release 2, run.reject 3")
        }
    }
}
