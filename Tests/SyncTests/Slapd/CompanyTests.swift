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

    /// The same, where full exports and what slapd's own log says come in turn, and files come twice.
    @Test func theStoreFollowsChangesAndExportsInTurn() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["MUSTER_SEED"] ?? "") ?? 20_261_123
        let reads = ProcessInfo.processInfo.environment["MUSTER_SOAK"] != nil ? 1_000 : 40
        let policy = try Self.policy
        try await Slapd.run { slapd in
            try await withSyncWorld { world in
                var random = SeededGenerator(seed: seed)
                var company = Company()
                var former: [RunInput] = []
                var taken = 0
                for number in 0..<reads {
                    var steps = ""
                    for _ in 0..<Int.random(in: 1...15, using: &random) { steps += company.step(&random) }
                    try await slapd.modify(steps)
                    let isFull = number == 0 || Int.random(in: 0..<5, using: &random) == 0
                    let file = world.folder.appending(path: "\(number).ldif").path
                    // Asked in any case: it waits for what the directory does by itself.
                    try await slapd.export(to: file)
                    let log = world.folder.appending(path: "audit-\(number).ldif").path
                    let hasLog = try slapd.handOver(to: log)
                    let input = isFull || !hasLog ? RunInput.export(file) : .changes(log)
                    if !isFull, hasLog { try FileManager.default.removeItem(atPath: file) }
                    let run = try await world.reconciler.reconcile(policy, input, actor: "test")
                    if case .export(let file) = input { _ = try await world.reconciler.keep(run, of: policy, file: file) }
                    let disputed = company.exported()
                    let label: Comment = "seed \(seed), read \(number), \(input), after:\n\(steps)"
                    try #require([.done, .unchanged].contains(run.state), "\(run.code ?? "") \(run.reason ?? "") \(label)")
                    try #require(run.counts["disputed"] == disputed, label)
                    try #require(try await image(world) == company.image, label)
                    // What was read again is known, and so is what came before it on top of the same export.
                    if case .export = input { former = [] }
                    former.append(input)
                    taken += input == .changes(log) ? 1 : 0
                    let again = try await world.reconciler.reconcile(
                        policy, former.randomElement(using: &random) ?? input, actor: "test")
                    try #require(again.state == .unchanged, label)
                }
                #expect(taken > reads / 2)
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
