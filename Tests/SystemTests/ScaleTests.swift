// SPDX-License-Identifier: Apache-2.0
import Foundation
import PostgresTestSupport
import Testing

/// What must not grow with the size of an export: the statements of a run, and the memory of the program.
@Suite struct ScaleTests {
    /// "It sends a query per user, and takes all night."
    @Test func statementsDoNotGrowWithPeople() async throws {
        try await MusterFixture.withMuster { muster in
            let server = try TestServer(.init(settings: ["shared_preload_libraries = 'pg_stat_statements'"]))
            defer { server.stop() }
            let fixture = ReplicaFixture(muster: muster, server: server, token: "")
            let environment = ReplicaFixture.environment(muster, server, name: "command")
            #expect(try await muster.muster("app", "create", "Northwind", environment: environment).code == 0)
            try await fixture.execute("create extension pg_stat_statements")
            try FileManager.default.createDirectory(atPath: muster.policies, withIntermediateDirectories: true)
            var statements: [Int] = []
            for (number, people) in [20, 2_000].enumerated() {
                try Self.policy(number).write(toFile: "\(muster.policies)/n\(number).yaml", atomically: true, encoding: .utf8)
                try await muster.generate(people, to: "\(muster.folder)/export.json")
                try await fixture.execute("select pg_stat_statements_reset()")
                let run = try await muster.muster(
                    "sync", "apply", "\(muster.policies)/n\(number).yaml", "\(muster.folder)/export.json",
                    environment: environment)
                #expect(run.code == 0, "\(run.out) \(run.error)")
                statements.append(try await fixture.count("select sum(calls)::bigint from pg_stat_statements"))
                try await fixture.execute("truncate users cascade")
            }
            // The second chunk, whatever the pool does to keep its connections, statistics afterwards: not two thousand.
            #expect(statements[1] - statements[0] < 60, "\(statements)")
            #expect(statements[0] > 20, "the statements were counted: \(statements)")
        }
    }

    /// "It keeps the whole file in memory."
    @Test func memoryDoesNotGrowWithTheFile() async throws {
        try await MusterFixture.withMuster { muster in
            let environment = muster.environment
            #expect(try await muster.muster("app", "create", "Northwind").code == 0)
            try FileManager.default.createDirectory(atPath: muster.policies, withIntermediateDirectories: true)
            // Nearly everybody is of no interest: what is looked at is reading, not the database.
            try Self.policy(0).replacing("(objectClass=inetOrgPerson)", with: "(uid=*1)").write(
                toFile: "\(muster.policies)/n.yaml", atomically: true, encoding: .utf8)
            var peaks: [Int] = []
            for people in [50, 20_000] {
                try await muster.generate(people, to: "\(muster.folder)/export.json")
                peaks.append(
                    try await Processes.peakMemory(
                        [
                            "\(MusterFixture.products)/muster", "sync", "plan", "\(muster.policies)/n.yaml",
                            "\(muster.folder)/export.json",
                        ],
                        environment: environment, log: "\(muster.folder)/plan.log"))
            }
            let size = try #require(
                try FileManager.default.attributesOfItem(atPath: "\(muster.folder)/export.json")[.size] as? Int)
            #expect(size > 16 << 20, "the larger file is large: \(size)")
            #expect(peaks[1] - peaks[0] < 8 << 10, "KiB: \(peaks)")
        }
    }

    private static func policy(_ number: Int) -> String {
        """
        policy: northwind-\(number)
        platform_app: Northwind
        source: northwind-\(number)
        people:
          where: (objectClass=inetOrgPerson)
          email: mail
          name: [displayName, cn]
        accounts:
          - {key: all, name: Everybody, members: everyone}
        """
    }
}
