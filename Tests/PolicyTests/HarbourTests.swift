// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Intake
@testable import Policy

/// What a policy makes of a whole export: who is there, and who is what in which account.
private struct Organisation: EntrySink {
    let policy: Policy
    var people: [[UInt8]: DesiredPerson] = [:]
    var groupsOfMember: [String: [String]] = [:]
    var unread: [String] = []

    mutating func entry(_ entry: borrowing Entry) {
        switch policy.map(entry) {
        case .person(let person): people[person.externalKey] = person
        case .group(let group):
            var members: [GroupMember] = []
            policy.forEachMember(of: entry) { members.append($0) }
            for case .dn(let member) in members { groupsOfMember[member, default: []].append(group.key) }
        case .ignored: break
        case .rejected(let fault): unread.append("\(fault)")
        }
    }

    mutating func rejected(_ rejection: Rejection) { unread.append(rejection.message) }

    /// The roles by account of the person with this e-mail.
    func roles(_ email: String) throws -> [String: PolicyRole] {
        let person = try #require(people.values.first { $0.email == email }, "\(email) is not there")
        return roles(of: person)
    }

    func roles(of person: DesiredPerson) -> [String: PolicyRole] {
        var groups = Set(person.groups)
        var open = groupsOfMember[person.dn ?? ""] ?? []
        while let group = open.popLast() {
            if groups.insert(group).inserted { open += groupsOfMember[group] ?? [] }
        }
        return policy.decidingRules(forGroups: groups.sorted()).mapValues(\.role)
    }
}

@Suite("The sample organisation")
struct HarbourTests {
    private let monday = "Policies/examples/inbox/harbour.json"
    private let tuesday = "Policies/examples/changes/tuesday.json"
    private let fixtures = "Tests/Fixtures/harbour"

    private func read(_ path: String) throws -> Organisation {
        let policy = try Policy.load(file: "\(packageRoot)/Policies/examples/harbour.yaml")
        let bytes = try #require(FileManager.default.contents(atPath: "\(packageRoot)/\(path)"))
        var organisation = Organisation(policy: policy)
        var reader = EntryReader()
        try reader.read([UInt8](bytes), into: &organisation)
        let proof = try reader.finish(into: &organisation)
        #expect(proof.entries == 77)
        #expect(organisation.unread.isEmpty)
        return organisation
    }

    @Test("sixty people, all in an account, one disabled")
    func people() throws {
        let harbour = try read(monday)
        #expect(harbour.people.count == 60)
        #expect(harbour.people.values.filter { !$0.enabled }.map(\.email) == ["marta.szymanska@harbourvale.example"])
        let roles = harbour.people.values.map { harbour.roles(of: $0) }
        #expect(roles.allSatisfy { !$0.isEmpty })
        #expect(roles.map(\.count).reduce(0, +) == 79)
        #expect(roles.flatMap(\.values).filter { $0 == .administrator }.count == 15)
    }

    @Test("roles come through nested groups, and through names that need escapes")
    func roles() throws {
        let harbour = try read(monday)
        #expect(try harbour.roles("olu.adeyemi@harbourvale.example") == ["ferries": .agent])
        #expect(try harbour.roles("minh.nguyen@harbourvale.example") == ["tearooms": .agent])
        #expect(try harbour.roles("ines.dacosta@harbourvale.example") == ["ferries": .agent])
        #expect(try harbour.roles("rosalind.teague@harbourvale.example") == ["tearooms": .administrator, "stays": .agent])
        for (email, role) in [("ngozi.okafor", PolicyRole.agent), ("zoe.harrow", .administrator)] {
            let roles = try harbour.roles("\(email)@harbourvale.example")
            #expect(roles == ["ferries": role, "boatyard": role, "tearooms": role, "stays": role])
        }
        let names = Set(harbour.people.values.map(\.name))
        #expect(names.isSuperset(of: ["王芳", "Łukasz Brzeziński", "Ñandú Quispe", "Ewan Muir", "Ида Соколова"]))
    }

    @Test(
        "JSON with and without schema and LDIF are the same people",
        arguments: ["monday-without-schema.json", "monday.ldif"]
    )
    func formats(file: String) throws {
        let (one, other) = (try read(monday), try read("\(fixtures)/\(file)"))
        #expect(one.people == other.people)
        #expect(one.groupsOfMember.mapValues { $0.sorted() } == other.groupsOfMember.mapValues { $0.sorted() })
    }

    @Test("Tuesday: one renamed, one gone, one new, one promoted", arguments: [false, true])
    func changes(asLDIF: Bool) throws {
        let (before, after) = (try read(monday), try read(asLDIF ? "\(fixtures)/tuesday.ldif" : tuesday))
        let (was, has) = (Set(before.people.keys), Set(after.people.keys))
        #expect(was.subtracting(has).compactMap { before.people[$0]?.name } == ["Wren Castle"])
        #expect(has.subtracting(was).compactMap { after.people[$0]?.name } == ["Iñaki Etxeberria"])
        let renamed = was.intersection(has).filter { before.people[$0]?.email != after.people[$0]?.email }
        #expect(renamed.compactMap { after.people[$0]?.name } == ["Chloé Delmas"])
        let promoted = was.intersection(has).filter { key in
            before.people[key].map(before.roles(of:)) != after.people[key].map(after.roles(of:))
        }
        #expect(promoted.compactMap { after.people[$0]?.name } == ["Amir Haddad"])
        #expect(try after.roles("amir.haddad@harbourvale.example") == ["ferries": .administrator])
    }
}
