// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Secrets
import Sync
import Testing

/// What a policy says about how far a run goes: limits by kind and account, what waits and what proceeds, whom nobody touches.
@Suite struct HoldingTests {
    /// Whoever leaves is held, whoever is new or renamed is not.
    @Test func whatAGuardIsAboutWaitsAndTheRestProceeds() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {count: 2}}\nheld: changes")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            people.removeSubrange(0..<4)
            people[1].name = "Renamed"
            people.append(Person(id: 77, mail: "new@example.org", name: "New", groups: ["support"]))
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .done && run.code == "partly_held", "\(run.state) \(run.code ?? "") \(run.reason ?? "")")
            #expect(run.counts["update"] == 1 && run.counts["create"] == 1 && run.counts["applied"] == 2)
            #expect(try await world.count("select count(*) from suspensions") == 0)

            let part = try await world.reconciler.runs.show(run.id + 1)
            #expect(part.state == .held && part.code == "removals" && part.counts["suspend"] == 4)
            let changes = try await world.reconciler.runs.changes(of: part)
            #expect(changes.map(\.seq) == [1, 2, 3, 4] && changes.allSatisfy { $0.action == "suspend" })

            // The next read sees the same four, and its part takes the place of this one.
            people[2].name = "Renamed too"
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(next.counts["update"] == 1)
            #expect(try await world.reconciler.runs.show(part.id).code == "superseded")
            let released = try await world.reconciler.apply(next.id + 1, release: true)
            #expect(released.state == .done && released.counts["applied"] == 4 && released.code == nil)
            #expect(try await world.count("select count(*) from suspensions") == 4)
            #expect(try await world.reconcile(policy, Person.export(people)).state == .unchanged)
        }
    }

    @Test func limitsOfOneAccount() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(
                guards: "guards: {removals: {percent: 90}, per_account: {removals: {percent: 30, floor: 1}}}")
            var people = Person.crowd(10)
            try await world.reconcile(policy, Person.export(people))
            for index in 0..<4 { people[index].groups = [] }
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .held && run.code == "removals")
            #expect(run.reason?.contains("members of “Support”") == true, "\(run.reason ?? "")")
            people[0].groups = ["support"]
            people[1].groups = ["support"]
            #expect(try await world.reconcile(policy, Person.export(people)).state == .done)
        }
    }

    @Test func aPolicyThatReportsAppliesNothing() async throws {
        try await withSyncWorld { world in
            let run = try await world.reconcile(try .crowd(guards: "enforcement: report"), Person.export(Person.crowd(5)))
            #expect(run.state == .held && run.code == "report" && run.counts["create"] == 6)
            #expect(try await world.count("select count(*) from users") == 0)
        }
    }

    /// On a dirty store: what is missing is made, what is empty is filled, what is there stays.
    @Test func aPolicyThatAddsChangesNothing() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(6)
            try await world.reconcile(try .crowd(), Person.export(people))
            people[0].name = "Other"
            people[1].groups = ["leads"]
            people[2].active = false
            people[3].groups = []
            people.remove(at: 5)
            people.append(Person(id: 50, mail: "new@example.org", name: "New", groups: ["support"]))
            let image = try await world.image()
            let adding = try await world.reconcile(
                try .crowd(guards: "guards: {removals: {percent: 100}}\nenforcement: add-only"), Person.export(people))
            #expect(adding.state == .done && adding.counts["create"] == 1)
            let after = try await world.image()
            #expect(after.split(separator: "\n").filter { !$0.contains("new@") }.joined(separator: "\n") == image)

            // The same export once the policy may do everything.
            let full = try await world.reconcile(
                try .crowd(guards: "guards: {removals: {percent: 100}}"), Person.export(people))
            #expect(full.counts["update"] == 3 && full.counts["suspend"] == 2, "\(full.counts.values)")
        }
    }

    @Test func theProtectedAreNeverTouched() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(9)
            try await world.reconcile(try .crowd(), Person.export(people))
            let image = try await world.image()
            let policy = try Policy.crowd(
                guards: """
                    guards: {removals: {percent: 100}}
                    protect:
                      - p1@example.org
                      - id: 00000000-0000-4000-8000-000000000002
                      - group: cn=leads,ou=groups,dc=example,dc=org
                    """)
            // 3, 6 and 9 lead. One is gone, the others are renamed or disabled.
            for index in 0..<9 { people[index].name = "Renamed \(index)" }
            people[1].active = false
            people.removeFirst()
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .done && run.counts["update"] == 4 && run.counts["suspend"] == 0, "\(run.counts.values)")
            let kept = ["p1@", "p2@", "p3@", "p6@", "p9@"]
            let now = try await world.image()
            for mail in kept {
                #expect(
                    now.split(separator: "\n").first { $0.hasPrefix(mail) }
                        == image.split(separator: "\n").first { $0.hasPrefix(mail) })
            }
        }
    }

    /// Somebody must be left who can run the account.
    @Test func theLastAdministratorStays() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 100}}")
            var people = Person.crowd(6)
            try await world.reconcile(policy, Person.export(people))
            people.removeAll { $0.id == 3 }
            people[4].groups = ["support"]
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .stale || run.code == "partly_refused", "\(run.state)")
            #expect(run.counts["refused.last_administrator"] == 2)
            #expect(
                try await world.count(
                    """
                    select count(*) from account_users m where m.role = 'administrator'
                    and not exists (select from suspensions s where s.subject_id = m.user_id)
                    """) == 2)
            // With a successor in the same run they may go.
            people[0].groups = ["leads"]
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(next.state == .done && next.counts["refused.last_administrator"] == 0)
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 2)
        }
    }

    /// Who returns with the role runs the account again, in the same run; who returns while somebody else suspends him does not.
    @Test func theLastAdministratorGoesWhenAnotherReturns() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 100}}")
            var people = Person.crowd(6)
            people[2].active = false
            try await world.reconcile(policy, Person.export(people))
            (people[2].active, people[5].active) = (true, false)
            try await world.base.postgres.execute(
                """
                insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason)
                select 'user', id, 'super_admin', 1, 'a test' from users where email = 'p3@example.org'
                """)
            let refused = try await world.reconcile(policy, Person.export(people))
            #expect(refused.counts["refused.last_administrator"] == 1, "\(refused.counts.values)")
            #expect(try await world.suspended() == ["p3@example.org"])

            try await world.base.postgres.execute("delete from suspensions where by_kind = 'super_admin'")
            (people[2].active, people[5].active) = (false, true)
            try await world.reconcile(policy, Person.export(people))
            #expect(try await world.suspended() == ["p3@example.org"])
            (people[2].active, people[5].active) = (true, false)
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .done && run.code == nil, "\(run.reason ?? "")")
            #expect(try await world.suspended() == ["p6@example.org"])
        }
    }

    /// Also where a guard takes some of the changes away, so that the others are numbered anew.
    @Test func theLastAdministratorStaysThoughChangesAreHeldApart() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {count: 2}}\nheld: changes")
            var people = Person.crowd(12)
            try await world.reconcile(policy, Person.export(people))
            // Those who lead, and three others, are disabled; somebody else is renamed.
            for person in people.indices where people[person].id % 3 == 0 || people[person].id < 3 {
                people[person].active = false
            }
            people[6].name = "Renamed"
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.code == "partly_held" && run.counts["applied"] == 1 && run.counts["refused.last_administrator"] == 0)
            let part = try await world.reconciler.apply(run.id + 1, release: true)
            #expect(part.counts["applied"] == 2 && part.counts["refused.last_administrator"] == 4, "\(part.counts.values)")
            #expect(
                try await world.count(
                    """
                    select count(*) from account_users m where m.role = 'administrator'
                    and not exists (select from suspensions s where s.subject_id = m.user_id)
                    """) == 4)
        }
    }

    /// Absence leads to a suspension first, and to a deletion only after the grace and by an attested read.
    @Test func theAbsentAreDeletedAfterTheGrace() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of(
                people: """
                    enabled: {unless: "(employeeType=disabled)"}
                    absent: {delete: {after: 30d}}
                    """)
            var people = Person.crowd(10)
            people[9].active = false
            try await world.reconcile(policy, Person.export(people))
            try await world.base.postgres.execute("update suspensions set since = since - interval '90 days'")
            people.removeLast()
            people.removeFirst()
            let gone = try await world.reconcile(policy, Person.export(people))
            // Disabled for long, and absent since today.
            #expect(gone.counts["suspend"] == 2 && gone.counts["delete"] == 0, "\(gone.counts.values)")
            try await world.base.postgres.execute("update suspensions set since = since - interval '31 days'")
            people[0].name = "Somebody renamed"
            let early = try await world.reconcile(policy, Person.export(people))
            #expect(early.counts["delete"] == 0, "a read that is only well-formed deletes nobody")

            people[0].name = "Somebody renamed again"
            let export = Person.export(people)
            let digest = Digest.sha256(Array(export.utf8)).map { String(format: "%02x", $0) }.joined()
            try Data("{\"entries\":\(people.count),\"sha256\":\"\(digest)\"}".utf8).write(
                to: world.folder.appending(path: "export.json.manifest.json"))
            let late = try await world.reconcile(policy, export)
            #expect(late.state == .done && late.counts["delete"] == 2 && late.counts["mismatches"] == 0, "\(late.reason ?? "")")
            #expect(try await world.count("select count(*) from users where deleted_at is not null") == 2)
            #expect(try await world.count("select count(*) from links where kind = 'user'") == 8)
        }
    }

    @Test func customRolesByGroup() async throws {
        try await withSyncWorld { world in
            func policy(_ roles: String) throws -> Policy {
                try Policy.of(
                    accounts: """
                        accounts:
                          - key: support
                            name: Support
                            members: ["cn=support,ou=groups,dc=example,dc=org"]
                            roles: \(roles)
                        """)
            }
            let tiers = try policy("{custom: {Tier 2: [\"cn=leads,ou=groups,dc=example,dc=org\"]}}")
            var people = Person.crowd(6)
            let first = try await world.reconcile(tiers, Person.export(people))
            #expect(first.state == .done && first.counts["mismatches"] == 0)
            func holders(_ name: String) async throws -> Int {
                try await world.count(
                    "select count(*) from account_users m join custom_roles r on r.id = m.custom_role_id where r.name = \(name)")
            }
            #expect(try await holders("Tier 2") == 2)
            #expect(try await world.count("select count(*) from account_users where role = 'agent'") == 6)
            #expect(try await world.reconcile(tiers, Person.export(people)).state == .unchanged)

            people[2].groups = ["support"]
            people[0].groups = ["leads", "support"]
            let moved = try await world.reconcile(tiers, Person.export(people))
            #expect(moved.counts["update"] == 2 && moved.counts["mismatches"] == 0, "\(moved.counts.values)")
            #expect(try await holders("Tier 2") == 2)
            // A role that somebody gave by hand stays with who has none by the policy.
            try await world.base.postgres.execute(
                "update account_users set custom_role_id = (select id from custom_roles) where user_id = (select min(id) + 1 from users)"
            )
            people[1].name = "Renamed"
            _ = try await world.reconcile(tiers, Person.export(people))
            #expect(try await holders("Tier 2") == 3)
        }
    }
}

extension SyncWorld {
    /// The addresses of those who are suspended, by whomever.
    fileprivate func suspended() async throws -> [String] {
        try await base.postgres.query(
            "select email from users u where exists (select from suspensions s where s.subject_id = u.id) order by email"
        ).map { try $0.decode(String.self, "email") }
    }
}
