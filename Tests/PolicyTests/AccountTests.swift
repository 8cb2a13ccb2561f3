// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake
@testable import Policy

@Suite("Accounts and roles")
struct AccountTests {
    private func group(_ name: String, _ attributes: [(String, [String])] = []) -> Entry {
        entry(dn: name, [("objectClass", ["groupOfNames"])] + attributes)
    }

    private func mapped(_ policy: Policy, _ entry: Entry) throws -> DesiredGroup {
        guard case .group(let group) = policy.map(entry) else { throw CancellationError() }
        return group
    }

    private func rules(_ discovered: Discovered) -> [String] {
        discovered.rules.map { "\($0.group) -> \($0.account) \($0.customRole ?? $0.role.rawValue)" }
    }

    @Test("custom roles stand between administrator and agent, in their order, unless the policy says otherwise")
    func precedence() throws {
        let roles = "roles: {administrator: cn=a, custom: {Night: cn=n, Day: [cn=d, cn=both]}, agent: cn=g}"
        let plain = try policy(document(accounts: "[{key: a, name: A, \(roles)}]"))
        func role(_ policy: Policy, _ groups: [String]) -> String? {
            policy.decidingRules(forGroups: groups)["a"].map { $0.customRole ?? $0.role.rawValue }
        }
        #expect(role(plain, ["cn=a", "cn=n", "cn=g"]) == "administrator")
        #expect(role(plain, ["cn=d", "cn=n", "cn=g"]) == "Night")
        #expect(role(plain, ["cn=both", "cn=g"]) == "Day")
        #expect(role(plain, ["cn=g"]) == "agent")
        #expect(plain.groupRules.map(\.precedence) == [1, 4, 3, 2, 2])
        #expect(plain.groupRules.filter { $0.customRole != nil }.allSatisfy { $0.role == .agent })
        let ordered = try policy(
            document(accounts: "[{key: a, name: A, \(roles), role_order: [agent, Day, Night, administrator]}]"))
        #expect(role(ordered, ["cn=a", "cn=n", "cn=g"]) == "agent")
        #expect(role(ordered, ["cn=a", "cn=n", "cn=both"]) == "Day")
        #expect(plain.fingerprint != ordered.fingerprint)
        let two = try policy(document(accounts: "[{key: a, name: A, members: cn=g, roles: {administrator: cn=a}}]"))
        #expect(two.groupRules.map(\.precedence) == [1, 2], "as it always was")
    }

    @Test("a pattern means the groups of its form, one part of a name each")
    func patterns() throws {
        for (pattern, name, isMeant) in [
            ("cn=sales-*,ou=x", "cn=sales-north,ou=x", true), ("CN=Sales-*, OU=X", "cn=sales-,ou=x", true),
            ("cn=sales-*,ou=x", "cn=sales-a,ou=y,ou=x", false), ("cn=*,ou=x", "cn=a\\,ou=b,ou=x", true),
            ("cn=a\\2a,ou=x", "cn=a*,ou=x", true),
            ("cn=a\\2a,ou=x", "cn=ab,ou=x", false), ("/teams/*", "/teams/a", true), ("/teams/*", "/teams/a/b", false),
            ("Team ?*", "team ?x", true), ("Team ?*", "team ax", false), ("*", "anything", true), ("*", "cn=a,ou=b", true),
        ] {
            #expect(GroupPattern(pattern)?.matches(name) == isMeant, "\(pattern) \(name)")
        }
        #expect(GroupPattern("cn=*,ou") == nil)
        let policy = try policy(
            document(
                groups: "groups: {nested: false}",
                accounts: "[{key: a, name: A, members: 'cn=sales-*,ou=x', roles: {administrator: 'cn=boss,ou=x'}}]"))
        let member = try desired(policy, person(["memberOf": ["CN=Sales-North,OU=x", "cn=other,ou=x"]]))
        #expect(rules(member.discovered) == ["cn=sales-north,ou=x -> a agent"])
        #expect(policy.decidingRules(forGroups: member.groups, discovered: member.discovered.rules)["a"]?.role == .agent)
        #expect(try rules(mapped(policy, group("cn=sales-south,ou=x")).discovered) == ["cn=sales-south,ou=x -> a agent"])
        #expect(try mapped(policy, group("cn=else,ou=x")).discovered.isEmpty)
    }

    @Test("an account for each group, known by a member and by its own entry, is one account")
    func eachGroup() throws {
        let policy = try policy(
            document(
                accounts: """

                      - each: {group: "cn=*,ou=teams,dc=x"}
                        key: team
                        name: ["Team {displayName}", "Team {value}"]
                        roles: {administrator: ["cn={value}-leads,ou=leads,dc=x", "cn=Chiefs,dc=x"], custom: {Night: everyone}}
                        renames: {"cn=Vertrieb,ou=teams,dc=x": "cn=Sales\\\\, North,ou=teams,dc=x"}
                    """))
        #expect(policy.accounts.isEmpty && policy.eachAccounts.map(\.key) == ["team"])
        let member = try desired(policy, person(["memberOf": ["CN=Sales\\, North,OU=Teams,DC=x", "cn=y,ou=z,dc=x"]]))
        let seen = try #require(member.discovered.accounts.first)
        #expect(member.discovered.accounts.count == 1)
        #expect(seen.key == "team:cn=sales\\, north,ou=teams,dc=x" && seen.name == "Team Sales, North" && !seen.isFromEntry)
        #expect(seen.keys == [seen.key, "team:cn=vertrieb,ou=teams,dc=x"])
        #expect(
            rules(member.discovered) == [
                "cn=sales\\, north,ou=teams,dc=x -> \(seen.key) agent",
                "cn=sales\\, north-leads,ou=leads,dc=x -> \(seen.key) administrator",
                "cn=chiefs,dc=x -> \(seen.key) administrator",
                "*everyone -> \(seen.key) Night",
            ])
        #expect(member.groups.contains("*everyone"))
        let own = try mapped(
            policy,
            group(
                "CN=Sales\\, North,OU=Teams,DC=x",
                [("displayName", ["North"]), ("entryUUID", ["00000000-0000-0000-0000-0000000000ff"])])
        ).discovered
        let account = try #require(own.accounts.first)
        #expect(account.key == seen.key && account.name == "Team North" && account.isFromEntry)
        #expect(
            account.keys.first == "team=01000000000000000000000000000000ff" && account.keys.dropFirst().elementsEqual(seen.keys))
        #expect(rules(own) == rules(member.discovered))
    }

    @Test("an account for each unit of the tree and for each value of a field")
    func eachUnitAndValue() throws {
        let policy = try policy(
            document(
                accounts: """

                      - {each: {ou: "ou=*,ou=Offices,dc=x"}, key: office, locale: de}
                      - {each: {attribute: {from: department, split: ";"}}, key: dept, name: "{value|title}", absent: keep, renames: {Sales: Vertrieb}}
                    """))
        let person = try desired(
            policy, person(["department": ["vertrieb ; R&D"]], dn: "uid=amy,ou=People,ou=Bonn,ou=Offices,dc=x"))
        #expect(person.groups == ["*each:dept:r&d", "*each:dept:vertrieb", "*ou:ou=bonn,ou=offices,dc=x"])
        #expect(person.discovered.accounts.map(\.key) == ["office:ou=bonn,ou=offices,dc=x", "dept:r&d", "dept:vertrieb"])
        #expect(person.discovered.accounts.map(\.name) == ["bonn", "R&D", "Vertrieb"])
        #expect(person.discovered.accounts.map(\.locale) == ["de", nil, nil])
        #expect(
            person.discovered.accounts[2].keys == ["dept:vertrieb", "dept:sales"] && person.discovered.accounts[2].absent == .keep
        )
        let roles = policy.decidingRules(forGroups: person.groups, discovered: person.discovered.rules)
        #expect(roles.count == 3 && roles.values.allSatisfy { $0.role == .agent })
        #expect(try desired(policy, PolicyTests.person(["department": [" "]])).discovered.isEmpty)
    }

    @Test("people below a unit are members, whoever is beside it not")
    func units() throws {
        let policy = try policy(document(accounts: "[{key: a, name: A, members: {ou: 'OU=Sales, dc=x'}}]"))
        #expect(try desired(policy, person(dn: "cn=amy,ou=north,ou=sales,dc=x")).groups == ["*ou:ou=sales,dc=x"])
        #expect(try desired(policy, person(dn: "cn=amy,ou=presales,dc=x")).groups.isEmpty)
        #expect(policy.decidingRules(forGroups: ["*ou:ou=sales,dc=x"])["a"]?.role == .agent)
    }

    @Test("what happens to accounts, memberships and people that vanish")
    func absence() throws {
        func read(_ yaml: String) throws -> Policy { try policy(yaml) }
        let rule = try read(
            document(
                people: "absent: {delete: {after: 30d}}",
                accounts: "[{key: a, name: A, members: everyone, absent: keep, absent_members: keep}]"))
        #expect(rule.people.absent == .suspend && rule.people.deleteAfter == .seconds(30 * 86_400))
        #expect(rule.accounts[0].absent == .keep && rule.accounts[0].absentMembers == .keep)
        #expect(try read(document()).people.deleteAfter == nil)
        #expect(
            rule.fingerprint
                != (try read(document(accounts: "[{key: a, name: A, members: everyone, absent: keep, absent_members: keep}]"))
                    .fingerprint))
    }

    @Test("another name of a group stands for it once its entry is seen")
    func otherNames() throws {
        let policy = try policy(
            document(
                groups: "groups: {names: displayName}",
                accounts: "[{key: a, name: A, members: Support Team, roles: {administrator: 'Lead*'}}]"))
        let found = try mapped(policy, group("cn=4711,dc=x", [("displayName", ["support team"])])).discovered
        #expect(rules(found) == ["cn=4711,dc=x -> a agent"])
        #expect(
            try rules(mapped(policy, group("cn=1,dc=x", [("displayName", ["Leads"])])).discovered) == [
                "cn=1,dc=x -> a administrator"
            ])
    }

    @Test("plain names are compared without case, and one that is distinguished all the same is read as such")
    func plainNames() throws {
        let policy = try policy(
            document(
                groups: "groups: {member_of: groups, members: [members.id]}",
                accounts: "[{key: a, name: A, members: [/Crew/Night Shift, 'cn=b,dc=x', 0AF]}]"))
        var amy = person(
            ["groups": [" /crew/night shift ", "CN=B, DC=X", "0af", "*everyone", "cn=broken,x", ""]], dn: " 4711-A ")
        amy.names = .plain
        let member = try desired(policy, amy)
        #expect(member.dn == "4711-a")
        #expect(member.groups == ["/crew/night shift", "0af", "\\*everyone", "cn=b,dc=x", "cn=broken,x"])
        #expect(Set(policy.groupRules.map(\.group)).isSubset(of: member.groups))
        #expect(member.discovered.isEmpty)
        var crew = group("0AF", [("members.id", ["4711-A", "x@Y.org", " "])])
        crew.names = .plain
        #expect(try mapped(policy, crew).key == "0af")
        var members: [GroupMember] = []
        #expect(policy.forEachMember(of: crew) { members.append($0) } == 1)
        #expect(members == [.dn("4711-a"), .dn("x@y.org")])
        var bad = person(dn: "a\0b")
        bad.names = .plain
        #expect(fault(policy, bad)?.reason == .badDN)
    }

    @Test("the canonical text and the fingerprint of policies without all this are what they were")
    func stable() throws {
        let policy = try policy(document(accounts: "[{key: a, name: A, members: cn=x, roles: {administrator: cn=y}}]"))
        #expect(
            policy.fingerprint.split(separator: "\n").suffix(4) == [
                "account.name:\"A\"", "account.absent:\"suspend\"", "account.agent:[\"cn=x\"]",
                "account.administrator:[\"cn=y\"]",
            ])
        #expect(!policy.fingerprint.contains("role_order") && !policy.fingerprint.contains("each"))
    }

    @Test(
        "mistakes in accounts",
        arguments: [
            ("[{key: a, name: A, members: 'cn=a,b'}]", "begins like a distinguished name, and is none"),
            ("[{key: a, name: A, members: everyon}]", "did you mean \"everyone\"?"),
            ("[{key: a, name: A, members: {ou: sales}}]", "in \"ou\" is no distinguished name"),
            ("[{key: a, name: A, roles: {custom: {agent: cn=x}}}]", "is no custom role"),
            ("[{key: a, name: A, roles: {custom: cn=x}}]", "must be a mapping of names of custom roles"),
            ("[{key: a, name: A, members: cn=x, role_order: [agent]}]", "leaves out \"administrator\""),
            ("[{key: a, name: A, members: cn=x, role_order: [agent, administrater]}]", "did you mean \"administrator\"?"),
            ("[{key: a, name: A, members: cn=x, absent_members: suspend}]", "must be one of \"remove\", \"keep\""),
            ("[{key: a, each: {grop: x}}]", "did you mean \"group\"?"), ("[{key: a, each: {}}]", "\"each\" needs one of"),
            ("[{key: a, each: {ou: sales}}]", "is no distinguished name"),
            ("[{key: a, each: {group: 'cn=*,x'}}]", "is no distinguished name"),
            ("[{key: a, each: {group: '*'}, members: everyone}]", "unknown key \"members\""),
            ("[{each: {group: '*'}}]", "needs the key \"key\""),
            ("[{key: a, each: {group: '*'}, roles: {agent: 'cn={cn},dc=x'}}]", "is made of {value} only"),
            ("[{key: a, each: {group: '*'}, roles: {agent: 'cn={value},x'}}]", "begins like a distinguished name"),
            ("[{key: a, each: {group: '*'}, roles: {agent: 'cn=*'}}]", "would mean the same groups"),
            ("[{key: a, each: {group: '*'}, renames: [a]}]", "must be a mapping of old names"),
            ("[{key: a, each: {group: '*'}}, {key: a, name: B, members: everyone}]", "is given already"),
        ])
    func mistakes(accounts: String, expected: String) {
        let found = PolicyTests.mistakes(document(accounts: accounts))
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test("mistakes in times")
    func times() {
        for (text, expected) in [
            ("{delete: {after: 30}}", "must be a time such as"), ("{delete: {after: 1m}}", "must lie between"),
            ("{delete: {}}", "needs the key \"after\""),
        ] {
            let found = PolicyTests.mistakes(document(people: "absent: \(text)"))
            #expect(found.count == 1 && found[0].contains(expected), "\(found)")
        }
    }
}
