// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Logging
import Policy
import Postgres
import Sync

/// Reconciles exports one after the other into a fresh installation and prints how long each took.
///
/// Usage: `muster-bench-sync GROUPS EXPORT [EXPORT ...]`; each group `team-N` of the generator becomes an account.
let arguments = CommandLine.arguments.dropFirst()
guard let groups = arguments.first.flatMap({ Int($0) }), arguments.count > 1 else {
    print("usage: muster-bench-sync GROUPS EXPORT [EXPORT ...]")
    exit(2)
}
let accounts = (0..<groups).map { number in
    "  - {key: team-\(number), name: Team \(number), members: [\"cn=team-\(number),ou=groups,dc=northwind,dc=example\"]}"
}
let policy = try Policy(
    yaml: """
        policy: bench
        platform_app: Bench
        source: northwind
        people:
          where: (objectClass=inetOrgPerson)
          id: entryUUID
          email: mail
          name: [displayName, cn]
          custom_attributes: {title: title}
        accounts:
        \(accounts.joined(separator: "\n"))
        """, file: "bench.yaml")

try await withDirectory { world in
    _ = try await world.app("Bench")
    let reconciler = Reconciler(postgres: world.postgres, directory: world.directory, logger: Logger(label: "bench"))
    for export in arguments.dropFirst() {
        let start = ContinuousClock.now
        let plan = try await reconciler.plan(policy, file: export, actor: "bench")
        let planned = ContinuousClock.now
        let run = plan.state == .planned || plan.state == .held ? try await reconciler.apply(plan.id, release: true) : plan
        let total = ContinuousClock.now - start
        let people = Double(run.counts["people"])
        let seconds = Double(total.components.seconds) + Double(total.components.attoseconds) / 1e18
        print("\(export): \(run.state), planned in \(planned - start), all in \(total) = \(Int(people / seconds)) people/s")
        fflush(nil)
    }
    let copy = try await copyOfTheSameRows(world.postgres)
    print("COPY of the same users, memberships, permissibles, tokens and links into bare tables: \(copy)")
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    print(status.split(separator: "\n").filter { $0.hasPrefix("VmHWM") }.joined())
}

/// How long the server takes to COPY what the first import wrote, into tables without index or constraint.
func copyOfTheSameRows(_ postgres: PostgresClient) async throws -> Duration {
    let file = "/tmp/muster-bench-\(getpid()).copy"
    defer { unlink(file) }
    var total = Duration.zero
    for table in ["users", "account_users", "user_permissibles", "access_tokens", "links"] {
        // `copy from` refuses the generated column.
        let columns = table == "users" ? "id, name, display_name, email, custom_attributes, row_version, created_at" : "*"
        try await postgres.withConnection { connection in
            try await connection.executeScript(
                """
                create table bare as select \(columns) from \(table) limit 0;
                copy (select \(columns) from \(table)) to '\(file)'
                """, timeout: .seconds(120))
            let start = ContinuousClock.now
            try await connection.executeScript("copy bare from '\(file)'", timeout: .seconds(120))
            total += ContinuousClock.now - start
            try await connection.executeScript("drop table bare")
        }
    }
    return total
}
