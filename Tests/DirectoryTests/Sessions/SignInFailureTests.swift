// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

/// Counting failed sign-ins, where many come at once.
@Suite struct SignInFailureTests {
    private static let limit = FailureLimit(key: [1, 2, 3], most: 5, seconds: 60)

    /// Four tries that all saw the last chance: the row is held until each of them has looked, so that this is no luck.
    @Test func oneOfManyTakesTheLastChance() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let failures = world.directory.signInFailures
            for _ in 0..<4 { #expect(try await failures.count([Self.limit]) == nil) }
            let waits = try await withThrowingTaskGroup(of: Int64?.self) { tasks in
                try await world.postgres.withTransaction { connection in
                    _ = try await connection.query("select from sign_in_failures for update")
                    for _ in 0..<4 { tasks.addTask { try await failures.count([Self.limit]) } }
                    while try await world.count(
                        """
                        select count(*) from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock' and query like '%sign_in_failures%'
                        """) < 4
                    {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                return try await tasks.reduce(into: [Int64?]()) { $0.append($1) }
            }
            #expect(waits.count { $0 == nil } == 1, "\(waits)")
            #expect(waits.allSatisfy { $0.map { (1...60).contains($0) } ?? true }, "\(waits)")
        }
    }

    @Test func whatIsForgivenOrOverCountsNoMore() async throws {
        try await withDirectory { world in
            let failures = world.directory.signInFailures
            for _ in 0..<20 {
                #expect(try await failures.count([Self.limit]) == nil)
                try await failures.forgive([Self.limit])
            }
            for _ in 0..<5 { #expect(try await failures.count([Self.limit]) == nil) }
            // A second limit that is not reached counts nothing for a try that was not made.
            let other = FailureLimit(key: [9], most: 5, seconds: 60)
            #expect(try await failures.count([Self.limit, other]) != nil)
            #expect(try await world.count("select count(*) from sign_in_failures") == 1)
            try await world.postgres.execute("update sign_in_failures set until = now() - interval '1 hour'")
            #expect(try await failures.count([Self.limit]) == nil)
            try await world.postgres.execute("update sign_in_failures set until = now() - interval '1 hour'")
            #expect(try await failures.count([other]) == nil)
            // Swept away by the way.
            #expect(try await world.count("select count(*) from sign_in_failures") == 1)
        }
    }
}
