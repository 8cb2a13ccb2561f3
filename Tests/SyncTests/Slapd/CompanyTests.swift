// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// A directory lives on in a real slapd, is exported by ldapsearch now and then, and the store follows.
@Suite struct CompanyTests {
    /// People are added, deleted, made anew, renamed, moved, disabled, enabled; addresses and groups change hands.
    @Test func theStoreFollowsAThousandSteps() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["MUSTER_SEED"] ?? "") ?? 20_261_123
        let isSoak = ProcessInfo.processInfo.environment["MUSTER_SOAK"] != nil
        let perRun = isSoak ? 1 : 20
        let policy = try Self.policy
        try await Slapd.run { slapd in
            try await withSyncWorld { world in
                var random = SeededGenerator(seed: seed)
                var company = Company()
                for number in 1...1_000 / perRun {
                    var steps = ""
                    for _ in 0..<perRun { steps += company.step(&random) }
                    try await slapd.modify(steps)
                    let file = world.folder.appending(path: "export.ldif").path
                    try await slapd.export(to: file)
                    let run = try await world.reconciler.reconcile(policy, file: file, actor: "test")
                    let disputed = company.exported()
                    let label: Comment = "seed \(seed), export \(number), after:\n\(steps)"
                    try #require([.done, .unchanged].contains(run.state), label)
                    try #require(run.counts["mismatches"] == 0 && run.counts["disputed"] == disputed, label)
                    try #require(try await image(world) == company.image, label)
                    // What was read again is known.
                    let again = try await world.reconciler.reconcile(policy, file: file, actor: "test")
                    try #require(again.state == .unchanged, label)
                }
            }
        }
    }

    private func image(_ world: SyncWorld) async throws -> String {
        let rows = try await world.base.postgres.query(
            """
            select concat_ws('|', u.custom_attributes ->> 'number', u.email, u.name,
                case when exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = u.id)
                    then 'suspended' else 'active' end,
                coalesce((select m.role from account_users m where m.user_id = u.id), '-')) as line
            from users u order by (u.custom_attributes ->> 'number')::int
            """)
        return try rows.map { try $0.decode(String.self, "line") }.joined(separator: "\n")
    }

    private static var policy: Policy {
        get throws {
            try Policy(
                yaml: """
                    policy: harbour
                    platform_app: Directory sync
                    source: harbour
                    people:
                      where: (objectClass=inetOrgPerson)
                      email: mail
                      name: cn
                      custom_attributes: {number: employeeNumber}
                      enabled: {unless: "(employeeType=disabled)"}
                    accounts:
                      - key: support
                        name: Support
                        members: "cn=support,ou=groups,dc=harbour,dc=example"
                        roles: {administrator: "cn=leads,ou=groups,dc=harbour,dc=example"}
                    guards: {removals: {percent: 100}, email_changes: {percent: 100}, administrators: {count: 1000}}
                    """, file: "harbour.yaml")
        }
    }
}
