// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

/// The same people read by three tools from one directory.
@Suite("Samples of the field", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
struct SampleTests {
    /// What a sync sees of people, by key: name and mail.
    private func people(_ path: String, id: AttributeName, format: EntryFormat) throws -> [ExternalKey: [String?]] {
        let bytes = try Samples.read(path)
        let outcome = readExport(bytes, keeps: true)
        #expect(outcome.error == nil, "\(path)")
        #expect(outcome.sink.rejections == [])
        #expect(readExport(bytes, chunks: [61]).sink.entries == outcome.sink.entries)
        let filter = try LDAPFilter(parsing: "(&(objectClass=person)(mail=*)(!(objectClass=computer)))")
        var people: [ExternalKey: [String?]] = [:]
        for entry in outcome.sink.kept where filter.matches(entry) {
            let value = try #require(entry.first(id), "\(path): \(entry.dn ?? "")")
            people[try ExternalKey(value, of: id)] = [
                entry.dn.flatMap { DistinguishedName.normalised($0) }, entry.first("mail")?.string, entry.first("cn")?.string,
            ]
        }
        return people
    }

    @Test("OpenLDAP: with schema, without, as LDIF")
    func openLDAP() throws {
        let schema = try people("ldap3-json/openldap-schema-users-response_to_json.json", id: "entryUUID", format: .ldap3)
        #expect(schema.count == 7)
        #expect(try people("ldap3-json/openldap-noschema-users-response_to_json.json", id: "entryUUID", format: .ldap3) == schema)
        #expect(try people("ldif/planetexpress-ldapsearch-operational.ldif", id: "entryUUID", format: .ldif) == schema)
    }

    @Test("Active Directory: with schema, as LDIF", arguments: ["objectGUID", "objectSid"])
    func samba(id: String) throws {
        let json = try people("ldap3-json/samba-ad-schema-users-response_to_json.json", id: AttributeName(id), format: .ldap3)
        let ldif = try people("ldif/samba-ldapsearch-users-groups.ldif", id: AttributeName(id), format: .ldif)
        #expect(json.count > 5)
        #expect(Set(json.keys).isSubset(of: ldif.keys))
        for (key, person) in json { #expect(ldif[key] == person, "\(key)") }
    }

    @Test("proofs of the samples")
    func proofs() throws {
        func proof(_ path: String) throws -> Proof? { readExport(try Samples.read(path)).proof }
        let openLDAP = try proof("ldif/planetexpress-ldapsearch-operational.ldif")
        #expect(openLDAP?.level == .attested)
        #expect(openLDAP?.entries == 11)
        let samba = try proof("ldif/samba-ldapsearch-users-groups.ldif")
        #expect(samba?.level == .attested)
        #expect(samba?.entries == 50)
        #expect(samba?.notes == [.references(1)])
        for path in ["ldif/samba-range-0-499.ldif", "ldif/samba-range-500-star.ldif"] {
            #expect(try proof(path)?.level == Proof.Level.none)
            #expect(try proof(path)?.notes.contains(.missingRanges(1)) == true)
        }
        #expect(try proof("ldap3-json/samba-ad-schema-groups-response_to_json.json")?.level == .wellFormed)
    }
}
