// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake
@testable import Policy

@Suite("A policy document")
struct PolicyDocumentTests {
    @Test("defaults are what the documentation says")
    func defaults() throws {
        let policy = try policy(document())
        #expect(policy.people.id == ["entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID"])
        #expect(policy.people.match == [.email])
        #expect(policy.people.absent == .suspend)
        #expect(policy.people.displayName == nil)
        #expect(policy.groups.nested)
        #expect(policy.groups.members.map(\.holdsLogins) == [false, false, true])
        #expect(policy.read == ReadRule())
        #expect(policy.guards == Guards())
        #expect(policy.guards.removals == Guards.Limit(percent: 10, floor: 5))
    }

    @Test("everything that a document states is taken over")
    func stated() throws {
        let policy = try policy(
            document(
                people: "id: employeeNumber\nmatch: []\nabsent: keep",
                groups: "groups: {members: [memberUid, owner], member_of: ou, nested: false}",
                accounts: "[{key: a, name: A, locale: pt_BR, absent: keep, members: [everyone, {where: (ou=x)}], "
                    + "roles: {administrator: 'CN=Lead , DC=X'}}]",
                rest: "read: {files: [inbox/*.json, /srv/in/x.ldif], format: ldif}\n"
                    + "guards: {removals: {count: 3, percent: 2.5, floor: 1}, administrators: {count: 0}}"))
        #expect(policy.people.id == ["employeenumber"])
        #expect(policy.people.match.isEmpty)
        #expect(policy.people.absent == .keep)
        #expect(!policy.groups.nested)
        #expect(policy.read.format == .ldif)
        #expect(policy.read.files.map { $0.folder(relativeTo: "/p") } == ["/p/inbox", "/srv/in"])
        #expect(policy.guards.removals == Guards.Limit(count: 3, percent: 2.5, floor: 1))
        #expect(policy.guards.administrators.count == 0)
        let rows = policy.groupRules.map { "\($0.group) \($0.account) \($0.role.rawValue) \($0.precedence)" }
        #expect(rows == ["*everyone a agent 1", "*where:(ou=x) a agent 1", "cn=lead,dc=x a administrator 2"])
        #expect(policy.accounts[0].absent == .keep)
    }

    @Test("form does not change the fingerprint, meaning does")
    func fingerprint() throws {
        let base = try policy(document(accounts: "[{key: a, name: A, members: ['cn=x,dc=y', everyone]}]")).fingerprint
        let same = """
            # a comment
            source: "ldap"
            accounts:
              - members:
                  - everyone
                  - CN = X , DC=Y
                name: A
                absent: suspend
                key: a
            people:
              name: [cn]
              email: MAIL
              where: '(objectClass=person)'
              id: [entryUUID, objectGUID, nsUniqueId, ipaUniqueID]
              match: email
            groups: {nested: true}
            platform_app: Directory sync
            policy: renamed
            guards: {removals: {count: 1}}
            read: {files: elsewhere/*.json}
            """
        #expect(try policy(same).fingerprint == base)
        let changes = [
            ("key: a", "key: b"), ("name: A", "name: B"), ("- everyone", "- {where: (a=b)}"), ("email: MAIL", "email: mail2"),
            ("[cn]", "[cn, sn]"), ("nested: true", "nested: false"), ("\"ldap\"", "ldap2"), ("match: email", "match: []"),
            ("absent: suspend", "absent: keep"), ("people:", "people:\n  display_name: cn"),
            ("people:", "people:\n  custom_attributes: {a: {value: 1}}"), ("=person)", "=user)"),
            ("people:", "people:\n  enabled: {when: (a=b)}"), ("Directory sync", "Other"),
        ]
        for (old, new) in changes {
            let changed = same.replacing(old, with: new)
            #expect(changed != same)
            #expect(try policy(changed).fingerprint != base, "\(old) -> \(new)")
        }
    }

    @Test("a limit holds by count or by percent, and small numbers are free of percent")
    func limits() {
        let limit = Guards.Limit(count: 50, percent: 10, floor: 5)
        #expect(!limit.isExceeded(by: 4, of: 4))
        #expect(limit.isExceeded(by: 5, of: 49))
        #expect(!limit.isExceeded(by: 5, of: 50))
        #expect(!limit.isExceeded(by: 50, of: 1_000))
        #expect(limit.isExceeded(by: 51, of: 1_000_000))
        #expect(!limit.isExceeded(by: 0, of: 0))
        #expect(Guards.Limit(percent: 0, floor: 0).isExceeded(by: 1, of: 1_000_000))
        #expect(!Guards.Limit(percent: 0, floor: 0).isExceeded(by: 0, of: 10))
        #expect(Guards.Limit(count: 0).isExceeded(by: 1, of: 10))
    }

    @Test(
        "patterns of files",
        arguments: [
            ("inbox/*.json", "a.json", true), ("inbox/*.json", ".a.json", false), ("inbox/*.json", "a.json.manifest.json", false),
            ("inbox/*.json", "a.JSON", false), ("*", "a", true), ("a?c*e", "abcde", true), ("a?c*e", "abce", true),
            ("a?c*e", "ace", false), ("**a**", "ba", true), ("*aab", "aaaab", true), ("x.ldif", "x.ldif", true),
            ("x.ldif", "xxldif", false), (".*", ".a", true),
        ])
    func patterns(pattern: String, name: String, matches: Bool) throws {
        #expect(try FilePattern(pattern).matches(fileName: name) == matches)
    }

    @Test("rows of rules are unique, and the highest role decides")
    func roles() throws {
        let policy = try policy(
            document(
                accounts: """

                      - {key: a, name: A, members: [cn=g, CN=G, everyone], roles: {administrator: cn=lead, agent: cn=g}}
                      - {key: b, name: B, members: cn=g}
                    """))
        #expect(policy.groupRules.count == 4)
        let decided = policy.decidingRules(forGroups: ["cn=lead", "cn=g"])
        #expect(decided["a"]?.role == .administrator)
        #expect(decided["b"]?.role == .agent)
        #expect(policy.decidingRules(forGroups: ["cn=other"]).isEmpty)
    }
}
