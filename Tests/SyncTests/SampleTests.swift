// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// The inputs that the project did not invent, beside the repository or where `MUSTER_SAMPLES` says.
enum Samples {
    static let folder: URL? = {
        if let named = ProcessInfo.processInfo.environment["MUSTER_SAMPLES"] { return URL(fileURLWithPath: named) }
        let beside = HarbourTests.root.deletingLastPathComponent().appending(path: "shared/samples")
        return FileManager.default.fileExists(atPath: beside.path) ? beside : nil
    }()
}

/// One source, the same people in several formats: the first file creates, the others change nothing.
@Suite(.enabled(if: Samples.folder != nil, "the samples are not beside the repository"))
struct SampleTests {
    private func expectOnlyTheFirstChanges(_ policy: Policy, _ files: [String], people: Int) async throws {
        let folder = try #require(Samples.folder)
        try await withSyncWorld { world in
            for (index, file) in files.enumerated() {
                let run = try await world.reconciler.reconcile(policy, file: folder.appending(path: file).path, actor: "test")
                #expect(
                    run.state == (index == 0 ? .done : run.counts["link"] > 0 ? .done : .unchanged),
                    "\(file): \(run.reason ?? "")")
                #expect(run.counts.objectChanges == (index == 0 ? people + 1 : 0), "\(file): \(run.counts.values)")
                #expect(run.counts["people"] == people)
                #expect(try await world.count("select count(*) from users") == people)
            }
        }
    }

    @Test func openLDAP() async throws {
        let policy = try Policy(
            yaml: """
                policy: planetexpress
                platform_app: Directory sync
                source: planetexpress
                people:
                  where: (objectClass=inetOrgPerson)
                  id: entryUUID
                  email: mail
                  name: [displayName, cn]
                  custom_attributes: {department: ou, employee_type: employeeType, description: description}
                accounts:
                  - key: crew
                    name: Planet Express
                    members: everyone
                    roles: {administrator: [{where: "(title=*)"}, {where: "(ou=Office Management)"}]}
                """, file: "planetexpress.yaml")
        try await expectOnlyTheFirstChanges(
            policy,
            [
                "ldap3-json/openldap-schema-users-response_to_json.json",
                "ldap3-json/openldap-noschema-users-response_to_json.json",
                "ldif/planetexpress-ldapsearch-operational.ldif",
            ], people: 7)
    }

    @Test func samba() async throws {
        let policy = try Policy(
            yaml: """
                policy: samba
                platform_app: Directory sync
                source: samba
                people:
                  where: (&(objectClass=user)(mail=*))
                  id: objectGUID
                  email: mail
                  name: [displayName, cn]
                  enabled: {unless: "(userAccountControl:1.2.840.113556.1.4.803:=2)"}
                accounts:
                  - key: ship
                    name: Ship
                    members: ["CN=ship_crew,OU=People,DC=planetexpress,DC=example"]
                    roles: {administrator: ["cn=admin_staff, ou=People, dc=planetexpress, dc=example"]}
                """, file: "samba.yaml")
        try await expectOnlyTheFirstChanges(
            policy, ["ldap3-json/samba-ad-schema-users-response_to_json.json", "ldif/samba-ldapsearch-users-groups.ldif"],
            people: 7)
    }
}
