// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// What the rules of a policy come to in the store: accounts that come to light, authentication, several sources.
@Suite struct RuleTests {
    private func members(_ world: SyncWorld) async throws -> [String: Int] {
        let rows = try await world.base.postgres.query(
            """
            select a.name || case when exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = a.id)
                then ' (suspended)' else '' end as name, (select count(*) from account_users m where m.account_id = a.id) as n
            from accounts a
            """)
        return try rows.reduce(into: [:]) { $0[try $1.decode(String.self, "name")] = Int(try $1.decode(Int64.self, "n")) }
    }

    @Test func anAccountForEachGroup() async throws {
        try await withSyncWorld { world in
            let each = try Policy.of(
                accounts: """
                    accounts:
                      - each: {group: "cn=*,ou=groups,dc=example,dc=org"}
                        key: team
                        name: "Team {value}"
                        renames: {"cn=support,ou=groups,dc=example,dc=org": "cn=backing,ou=groups,dc=example,dc=org"}
                    """)
            var people = Person.crowd(6)
            let first = try await world.reconcile(each, Person.export(people))
            #expect(first.state == .done && first.counts["mismatches"] == 0, "\(first.reason ?? "")")
            #expect(try await members(world) == ["Team support": 6, "Team leads": 2])
            #expect(try await world.reconcile(each, Person.export(people)).state == .unchanged)

            // Another group comes, one loses its last member, and one has another name now.
            for index in people.indices {
                people[index].groups = people[index].groups.compactMap { $0 == "leads" ? nil : "backing" }
            }
            people[0].groups.append("sales")
            let next = try await world.reconcile(each, Person.export(people))
            #expect(next.state == .done && next.counts["mismatches"] == 0, "\(next.reason ?? "")")
            let now = try await members(world)
            #expect(now["Team backing"] == 6 && now["Team sales"] == 1 && now["Team leads (suspended)"] != nil, "\(now)")
            #expect(now.count == 3)
            #expect(try await world.reconcile(each, Person.export(people)).state == .unchanged)
        }
    }

    /// Rules come to light by the form of a group's name, and accounts need not.
    @Test func rolesByTheFormOfAGroupsName() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of(
                accounts: """
                    accounts:
                      - key: all
                        name: All
                        members: "cn=s*,ou=groups,dc=example,dc=org"
                        roles: {administrator: "cn=lea*,ou=groups,dc=example,dc=org"}
                    """)
            let export = Person.export(Person.crowd(6))
            #expect(try await world.reconcile(policy, export).state == .done)
            #expect(try await members(world) == ["All": 6])
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 2)
            #expect(try await world.reconcile(policy, export).state == .unchanged)
        }
    }

    @Test func anAccountForEachValue() async throws {
        try await withSyncWorld { world in
            let each = try Policy.of(accounts: "accounts: [{each: {attribute: employeeType}, key: kind}]")
            var people = Person.crowd(4)
            people[3].active = false
            #expect(try await world.reconcile(each, Person.export(people)).state == .done)
            #expect(try await members(world) == ["active": 3, "disabled": 1])
            // Of a read that may be cut nothing follows for accounts that it does not name.
            people[3].active = true
            let ldif = people.map { person in
                """
                dn: uid=\(person.name),ou=people,dc=example,dc=org
                objectClass: inetOrgPerson
                entryUUID: 00000000-0000-4000-8000-00000000000\(person.id)
                cn: \(person.name)
                mail: \(person.mail)
                employeeType: active

                """
            }.joined(separator: "\n")
            let unproven = try await world.reconcile(
                each, ldif + "\n# numResponses: 3\nresult: 4 Size limit exceeded\n", name: "x.ldif")
            #expect(![.done, .unchanged].contains(unproven.state), "\(unproven.state)")
            #expect(try await members(world)["disabled"] != nil)
        }
    }

    /// Hashes come as they are, are no part of the plan, and another one comes only when the source has another.
    @Test func passwordsAndSubjects() async throws {
        try await withSyncWorld { world in
            let rules = try Policy.of(
                people: "authentication: {provider: {value: keycloak}, subject: uid, password: userPassword}")
            func export(_ hash: String) -> String {
                """
                dn: uid=ada,ou=people,dc=example,dc=org
                objectClass: inetOrgPerson
                entryUUID: 00000000-0000-4000-8000-000000000001
                uid: ada
                cn: Ada
                mail: ada@example.org
                userPassword: \(hash)

                """
            }
            let old = "{SSHA}RhE1AL3oJ7PvU6dMA6az6aI7/D437nDx"
            let run = try await world.reconcile(rules, export(old), name: "x.ldif")
            #expect(run.state == .done && run.counts["mismatches"] == 0, "\(run.reason ?? "")")
            func stored() async throws -> String {
                try await world.base.postgres.query("select concat_ws(' ', provider, subject, password_hash) as x from users")[0]
                    .decode(String.self, "x")
            }
            let first = try await stored()
            #expect(first.hasPrefix("keycloak ada $"), "\(first)")
            #expect(try await world.count("select count(*) from change_secrets") == 0)
            let hash = first.split(separator: "$").last.map(String.init) ?? ""
            #expect(
                try await world.count(
                    "select count(*) from changes where fields::text like \("%\(hash.prefix(12))%") or fields::text like '%SSHA%'"
                ) == 0)

            // Renewed at sign-in, or set by the person: the source's old word does not come back.
            try await world.base.postgres.execute("update users set password_hash = 'renewed'")
            #expect(try await world.reconcile(rules, export(old), name: "x.ldif").state == .unchanged)
            let renamed = export(old).replacing("cn: Ada", with: "cn: Ada L.")
            #expect(try await world.reconcile(rules, renamed, name: "x.ldif").counts["update"] == 1)
            #expect(try await stored() == "keycloak ada renewed")
            let other = export("{SSHA}jJSL1TR4R8MvU0jXhG7L5xVXAYJFcOzqdyDUJg==")
            let changed = try await world.reconcile(rules, other, name: "x.ldif")
            #expect(changed.state == .done || changed.state == .unchanged)
        }
    }

    /// Two directories know one person: the one of the higher precedence says what it names, and nobody takes turns.
    @Test func severalSourcesOfOnePerson() async throws {
        try await withSyncWorld { world in
            let office = try Policy.of("office", source: "office")
            let payroll = try Policy.of("payroll", source: "payroll", head: "precedence: 5")
            var mine = [Person(id: 1, mail: "ada@example.org", name: "Ada by the office")]
            var theirs = [Person(id: 7, mail: "ada@example.org", name: "Ada by payroll")]
            func name() async throws -> String {
                try await world.base.postgres.query("select name from users")[0].decode(String.self, "name")
            }
            _ = try await world.reconcile(office, Person.export(mine))
            #expect(try await world.reconcile(payroll, Person.export(theirs)).counts["adopt"] == 1)
            #expect(try await name() == "Ada by payroll")
            mine[0].name = "Ada of the office"
            _ = try await world.reconcile(office, Person.export(mine))
            #expect(try await name() == "Ada by payroll")
            theirs[0].name = "Ada of payroll"
            let last = try await world.reconcile(payroll, Person.export(theirs))
            #expect(try await name() == "Ada of payroll", "\(last.state) \(last.reason ?? "") \(last.counts.values)")
            #expect(try await world.count("select count(*) from users") == 1)
        }
    }

    @Test func whatIsSetOnCreationOnlyIsLeftAlone() async throws {
        try await withSyncWorld { world in
            let rules = try Policy.of(people: "display_name: {from: cn, only: creation}")
            var people = Person.crowd(2)
            _ = try await world.reconcile(rules, Person.export(people))
            people[0].name = "Renamed"
            #expect(try await world.reconcile(rules, Person.export(people)).counts["update"] == 1)
            #expect(try await world.count("select count(*) from users where name = 'Renamed' and display_name = 'Person 1'") == 1)
        }
    }
}
