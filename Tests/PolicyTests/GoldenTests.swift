// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Secrets
import Testing

@testable import Intake
@testable import Policy

/// Writes what a policy makes of an export, one line an entry, as a person can review it.
private struct GoldenSink: EntrySink {
    let policy: Policy
    var lines: [String] = []

    mutating func entry(_ entry: borrowing Entry) {
        let name = entry.dn ?? "-"
        switch policy.map(entry) {
        case .person(let person):
            lines.append("person \(name)")
            lines.append("  id \(person.externalKey.map { String($0, radix: 16) }.joined(separator: " "))")
            lines.append("  login \(person.loginName ?? "-")")
            lines.append("  \(String(decoding: person.canonicalJSON, as: UTF8.self))")
            if let hash = person.passwordHash {
                lines.append("  password \(hash.text.split(separator: "$").prefix(2).joined(separator: " "))")
            }
            for finding in person.findings { lines.append("  finding \(finding)") }
            append(person.discovered)
            let roles = policy.decidingRules(forGroups: person.groups, discovered: person.discovered.rules)
            for (account, rule) in roles.sorted(by: { $0.key < $1.key }) {
                lines.append("  in \(account) as \(rule.customRole ?? rule.role.rawValue)")
            }
        case .group(let group):
            lines.append("group \(name)")
            lines.append("  key \(group.key)")
            for parent in group.parents { lines.append("  in \(parent)") }
            policy.forEachMember(of: entry) { lines.append("  member \($0)") }
            append(group.discovered)
        case .ignored: lines.append("ignored \(name)")
        case .rejected(let fault): lines.append("rejected \(name): \(fault)")
        }
    }

    private mutating func append(_ discovered: Discovered) {
        for account in discovered.accounts {
            lines.append("  account \(account.keys.joined(separator: " | ")) named \(account.name)")
        }
        for rule in discovered.rules {
            lines.append("  rule \(rule.group) gives \(rule.customRole ?? rule.role.rawValue) of \(rule.account)")
        }
    }

    mutating func rejected(_ rejection: Rejection) {
        lines.append("unreadable line \(rejection.position.line): \(rejection.message) (\(rejection.code))")
    }
}

/// What the ready-made policies make of real exports, reviewed by eye and kept. `MUSTER_RECORD=1` writes them anew.
@Suite("Golden mappings of the ready-made policies")
struct GoldenTests {
    /// A sample under a policy, both with replacements: samples have groups of their own.
    struct Case: Sendable, CustomTestStringConvertible {
        var golden: String
        var policy: String
        var files: [String]
        var inPolicy: [(String, String)] = []
        var inSample: [(String, String)] = []
        var testDescription: String { golden }
    }

    static let cases = [
        Case(
            golden: "openldap", policy: "openldap", files: ["ldif/planetexpress-ldapsearch-operational.ldif"],
            inPolicy: [
                ("cn=support,ou=groups,dc=example,dc=org", "cn=ship_crew,ou=people,dc=planetexpress,dc=com"),
                ("cn=support-leads,ou=groups,dc=example,dc=org", "cn=admin_staff,ou=people,dc=planetexpress,dc=com"),
            ]),
        Case(
            golden: "active-directory", policy: "active-directory",
            files: [
                "ldap3-json/samba-ad-schema-users-response_to_json.json",
                "ldap3-json/samba-ad-schema-groups-response_to_json.json",
            ],
            inPolicy: [
                ("CN=Support,OU=Groups,DC=example,DC=org", "cn=ship_crew,ou=people,dc=planetexpress,dc=example"),
                ("CN=Support Leads,OU=Groups,DC=example,DC=org", "cn=admin_staff,ou=people,dc=planetexpress,dc=example"),
            ]),
        // Its people are admin@localhost, which is no address that mail reaches.
        Case(
            golden: "keycloak", policy: "keycloak", files: ["keycloak/jhipster-realm.json"],
            inSample: [("@localhost", "@example.org")]),
        Case(golden: "keycloak-as-it-is", policy: "keycloak", files: ["keycloak/jhipster-realm.json"]),
        Case(
            golden: "entra", policy: "entra", files: ["msgraph/users-list.json", "msgraph/groups-list.json"],
            inPolicy: [("Support Team", "Golf Assist"), ("Support Leads", "golftalk@contoso.com")]),
        Case(
            golden: "scim", policy: "scim",
            files: [
                "scim/rfc7643-8.3-enterprise_user.json", "scim/rfc7643-8.4-group.json", "scim/rfc7643-8.1-user-minimal.json",
                "scim/rfc7644-3.4.2-list_response-partial_attributes.json",
                "scim/rfc7644-3.7.3-bulk_request-multiple_operations.json",
            ], inPolicy: [("members: Support\n", "members: Tour Guides\n")]),
        Case(
            golden: "okta", policy: "okta", files: ["okta/openapi-ListUsersResponse.json", "okta/group=crew.json"],
            inPolicy: [("Support Team", "crew")]),
        Case(
            golden: "google", policy: "google",
            files: [
                "google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_USERS_RESPONSE.json",
                "google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_GROUPS_RESPONSE.json",
                "google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_MEMBERS_BY_GROUP_EMAIL.json",
            ],
            inPolicy: [
                ("support@example.org", "groups/group-engineering"), ("support-leads@example.org", "groups/group-operations"),
            ]),
        Case(golden: "csv", policy: "csv", files: ["csv/entra-5-records.csv"]),
    ]

    /// A file of the samples; the members of an Okta group come under the name that the policy's comment asks for.
    private func sample(_ file: String) throws -> [UInt8] {
        let path = file == "okta/group=crew.json" ? "okta/cartography-okta-GROUP_MEMBERS_SAMPLE_DATA.json" : file
        let folder = try #require(samples)
        return [UInt8](try #require(FileManager.default.contents(atPath: "\(folder)/\(path)")))
    }

    @Test("each sample under its policy", .enabled(if: samples != nil), arguments: cases)
    func golden(_ example: Case) throws {
        var yaml = String(
            decoding: try #require(FileManager.default.contents(atPath: "\(packageRoot)/Policies/\(example.policy).yaml")),
            as: UTF8.self)
        for (old, new) in example.inPolicy {
            try #require(yaml.contains(old))
            yaml = yaml.replacing(old, with: new)
        }
        let policy = try Policy(yaml: yaml, file: example.policy)
        var sink = GoldenSink(policy: policy)
        var reader = ExportReader(policy.read.exportOptions)
        for file in example.files {
            var bytes = try sample(file)
            for (old, new) in example.inSample {
                bytes = Array(String(decoding: bytes, as: UTF8.self).replacing(old, with: new).utf8)
            }
            sink.lines.append("# \(file)")
            do {
                try reader.begin(file: file, into: &sink)
                try bytes.withUnsafeBytes { try reader.read($0, into: &sink) }
                let proof = try reader.endFile(into: &sink)
                sink.lines.append("# proof: \(proof.level), \(proof.entries) entries")
            } catch let error as IntakeError {
                sink.lines.append("# refused: \(error)")
            }
        }
        let text = sink.lines.joined(separator: "\n") + "\n"
        let path = "\(packageRoot)/Tests/Fixtures/golden/\(example.golden).txt"
        if ProcessInfo.processInfo.environment["MUSTER_RECORD"] != nil { try Data(text.utf8).write(to: URL(filePath: path)) }
        let kept = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        #expect(text == kept, "\(text)")
    }
}
