// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Intake
@testable import Policy

/// Exports of real servers, where they lie beside the repository.
let samples: String? = {
    let candidates = [
        ProcessInfo.processInfo.environment["MUSTER_SAMPLES"], "\(packageRoot)/../shared/samples",
        "\(packageRoot)/../../shared/samples",
    ]
    return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0 + "/SOURCES.md") }
}()

/// Maps what a reader gives.
private struct MappingSink: EntrySink {
    let policy: Policy
    var people: [[UInt8]: DesiredPerson] = [:]
    var groups: [String: [GroupMember]] = [:]
    var parents: [String: [String]] = [:]
    var faults: [EntryFault] = []
    var ignored = 0
    /// Small, so that names replace each other.
    var names = NameCache(size: 3)

    mutating func entry(_ entry: borrowing Entry) {
        switch policy.map(entry, names: &names) {
        case .person(let person): people[person.externalKey] = person
        case .group(let group):
            var members: [GroupMember] = []
            policy.forEachMember(of: entry) { members.append($0) }
            groups[group.key] = members
            parents[group.key] = group.parents
        case .ignored: ignored += 1
        case .rejected(let fault): faults.append(fault)
        }
    }

    mutating func rejected(_ rejection: Rejection) { Issue.record("rejected: \(rejection.message)") }
}

@Suite("Ready-made policies on exports of real servers")
struct SampleTests {
    /// A policy of the repository with names of groups replaced.
    private func shipped(_ name: String, _ replacements: KeyValuePairs<String, String>) throws -> Policy {
        let data = try #require(FileManager.default.contents(atPath: "\(packageRoot)/Policies/\(name).yaml"))
        var yaml = String(decoding: data, as: UTF8.self)
        for (old, new) in replacements {
            #expect(yaml.contains(old))
            yaml = yaml.replacing(old, with: new)
        }
        return try Policy(yaml: yaml, file: name)
    }

    private func read(_ path: String, with policy: Policy, chunk: Int = 1 << 16) throws -> MappingSink {
        let folder = try #require(samples)
        let data = try #require(FileManager.default.contents(atPath: "\(folder)/\(path)"))
        var sink = MappingSink(policy: policy)
        var reader = EntryReader()
        let bytes = [UInt8](data)
        var index = 0
        while index < bytes.count {
            try reader.read(bytes[index..<min(bytes.count, index + chunk)], into: &sink)
            index += chunk
        }
        _ = try reader.finish(into: &sink)
        return sink
    }

    private func texts(_ sink: MappingSink) -> [[UInt8]: String] { sink.people.mapValues { json($0) } }

    @Test("OpenLDAP: ldap3 JSON with and without schema and LDIF are the same people", .enabled(if: samples != nil))
    func openLDAP() throws {
        let policy = try shipped(
            "openldap",
            [
                "cn=support,ou=groups,dc=example,dc=org": "CN=ship_crew, ou=People,dc=planetexpress,dc=com",
                "cn=support-leads,ou=groups,dc=example,dc=org": "cn=admin_staff,ou=people,dc=planetexpress,dc=com",
                "(ou=Sales)": "(ou=Intern)",
            ])
        let schema = try read("ldap3-json/openldap-schema-users-response_to_json.json", with: policy)
        let noSchema = try read("ldap3-json/openldap-noschema-users-response_to_json.json", with: policy, chunk: 7)
        let ldif = try read("ldif/planetexpress-ldapsearch-operational.ldif", with: policy, chunk: 61)
        #expect(schema.people.count == 7 && schema.faults.isEmpty)
        #expect(texts(noSchema) == texts(schema))
        #expect(texts(ldif) == texts(schema))
        #expect(schema.people == noSchema.people && schema.people == ldif.people)

        let crew = "cn=ship_crew,ou=people,dc=planetexpress,dc=com"
        let amy = try #require(schema.people.values.first { $0.email == "amy@planetexpress.com" })
        #expect(
            json(amy) == """
                {"custom_attributes":{"department":"Intern","employee_type":null,"title":null},"display_name":"Amy",\
                "email":"amy@planetexpress.com","enabled":true,"groups":["*where:(ou=Intern)"],"name":"Amy Kroker"}
                """)
        #expect(amy.loginName == "amy")
        #expect(policy.decidingRules(forGroups: amy.groups).mapValues(\.role) == ["sales": .agent])
        let fry = try #require(schema.people.values.first { $0.email == "fry@planetexpress.com" })
        #expect(fry.groups == [crew])
        #expect(policy.decidingRules(forGroups: fry.groups).mapValues(\.role) == ["support": .agent])
        let professor = try #require(schema.people.values.first { $0.name == "Professor Farnsworth" })
        #expect(professor.email == "professor@planetexpress.com")
        #expect(policy.decidingRules(forGroups: professor.groups)["support"]?.role == .administrator)

        let groups = try read("ldap3-json/openldap-schema-groups-response_to_json.json", with: policy)
        #expect(groups.groups == ldif.groups)
        #expect(groups.groups[crew]?.contains(.dn(try #require(fry.dn))) == true)
    }

    @Test("Samba: ldap3 JSON and LDIF are the same people, whichever way the GUID is written", .enabled(if: samples != nil))
    func samba() throws {
        let policy = try shipped(
            "active-directory",
            [
                "CN=Support,OU=Groups,DC=example,DC=org": "cn=ship_crew,ou=people,dc=planetexpress,dc=example",
                "CN=Support Leads,OU=Groups,DC=example,DC=org": "cn=admin_staff,ou=people,dc=planetexpress,dc=example",
            ])
        let jsonPeople = try read("ldap3-json/samba-ad-schema-users-response_to_json.json", with: policy, chunk: 13)
        let ldif = try read("ldif/samba-ldapsearch-users-groups.ldif", with: policy, chunk: 64)
        #expect(jsonPeople.people.count == 7)
        #expect(jsonPeople.faults.isEmpty && ldif.faults.isEmpty)
        #expect(jsonPeople.ignored == 4, "Guest, krbtgt, Administrator and dns-vm have no e-mail")
        #expect(texts(ldif) == texts(jsonPeople))
        #expect(ldif.people == jsonPeople.people)
        let leela = try #require(ldif.people.values.first { $0.loginName == "leela" })
        #expect(leela.name == "Leela Turanga")
        #expect(leela.groups == ["*where:(primaryGroupID=513)", "cn=ship_crew,ou=people,dc=planetexpress,dc=example"])
        #expect(leela.enabled)
        let groups = try read("ldap3-json/samba-ad-schema-groups-response_to_json.json", with: policy)
        let crew = "cn=ship_crew,ou=people,dc=planetexpress,dc=example"
        #expect(groups.parents[crew] == ["cn=planet_express,ou=people,dc=planetexpress,dc=example"])
        #expect(groups.groups[crew].map { Set($0.map { "\($0)" }) } == ldif.groups[crew].map { Set($0.map { "\($0)" }) })
    }

    @Test("a member list that came in ranges is known to be incomplete", .enabled(if: samples != nil))
    func ranges() throws {
        struct Groups: EntrySink {
            let policy: Policy
            var complete: [Bool] = []
            mutating func entry(_ entry: borrowing Entry) {
                if case .group(let group) = policy.map(entry) { complete.append(group.isComplete) }
            }
            mutating func rejected(_ rejection: Rejection) {}
        }
        let policy = try policy(document(groups: "groups: {where: (|(objectClass=*)(member=*))}"))
        let folder = try #require(samples)
        let data = try #require(FileManager.default.contents(atPath: "\(folder)/ldif/samba-range-0-499.ldif"))
        var sink = Groups(policy: policy)
        var reader = EntryReader()
        try reader.read([UInt8](data), into: &sink)
        _ = try reader.finish(into: &sink)
        #expect(sink.complete == [false])
    }

    @Test("openldap.yaml on one entry")
    func openLDAPInline() throws {
        let policy = try shipped("openldap", [:])
        let leader = entry(
            dn: "uid=jd,ou=people,dc=example,dc=org",
            [
                ("objectClass", ["inetOrgPerson"]), ("entryUUID", ["766710FE-7b42-1041-8ba1-83f2eee34544"]),
                ("mail", ["J.Doe@Example.org"]),
                ("givenName", ["Jane"]), ("sn", ["Doe"]), ("cn", ["jd"]), ("ou", ["Sales"]),
                ("memberOf", ["cn=Support-Leads,ou=Groups,dc=example,dc=org"]), ("pwdAccountLockedTime", ["000001010000Z"]),
            ])
        let person = try desired(policy, leader)
        #expect(
            json(person) == """
                {"custom_attributes":{"department":"Sales","employee_type":null,"title":null},"display_name":"Jane",\
                "email":"j.doe@example.org","enabled":false,"groups":["*where:(ou=Sales)",\
                "cn=support-leads,ou=groups,dc=example,dc=org"],"name":"Jane Doe"}
                """)
        #expect(policy.decidingRules(forGroups: person.groups).mapValues(\.role) == ["support": .administrator, "sales": .agent])
    }

    @Test("active-directory.yaml on one entry")
    func activeDirectoryInline() throws {
        let policy = try shipped("active-directory", [:])
        let attributes: [(String, [String])] = [
            ("objectClass", ["top", "person", "organizationalPerson", "user"]),
            ("objectGUID", ["{6ecc91e7-1491-405c-af2f-54e6920e3747}"]),
            ("mail", ["jane@example.org"]), ("displayName", ["Doe, Jane"]), ("userAccountControl", ["514"]),
            ("primaryGroupID", ["513"]),
            ("department", ["R&D"]), ("sAMAccountName", ["JDoe"]),
        ]
        let person = try desired(policy, entry(dn: "CN=Doe\\, Jane,OU=People,DC=example,DC=org", attributes))
        #expect(!person.enabled)
        #expect(person.loginName == "jdoe")
        #expect(person.name == "Doe, Jane")
        #expect(policy.decidingRules(forGroups: person.groups).mapValues(\.role) == ["everybody": .agent])
        let computer = attributes.map { $0.0 == "objectClass" ? ($0.0, $0.1 + ["computer"]) : $0 }
        guard case .ignored = policy.map(entry(dn: "CN=pc", computer)) else {
            Issue.record("a computer is no person")
            return
        }
    }
}
