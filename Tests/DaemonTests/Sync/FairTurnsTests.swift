// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Logging
import Postgres
import Sync
import Testing

@testable import Daemon

/// Several policies with real files: none waits for another's trouble.
@Suite(.serialized) struct FairTurnsTests {
    private struct Place {
        let folder: String

        func policy(_ name: String, app: String = "App") throws {
            try """
            policy: \(name)
            platform_app: \(app)
            source: \(name)
            read: {files: \(name)/*.json}
            people: {where: (objectClass=person), id: entryUUID, email: mail, name: cn}
            guards: {removals: {percent: 100}}
            """.write(toFile: "\(folder)/\(name).yaml", atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }

        /// Hands an export over by renaming it into its place.
        func export(_ name: String, _ people: ClosedRange<Int>, title: String = "Person", file: String = "export.json") throws {
            let entries = people.map { number in
                let uuid = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(number)".count) + "\(number)"
                return #"{"attributes":{"entryUUID":"\#(uuid)","mail":["\#(name)\#(number)@example.org"],"#
                    + #""cn":["\#(title) \#(number)"],"objectClass":["person"]},"dn":"uid=\#(name)\#(number),dc=example"}"#
            }
            let half = "\(folder)/\(name)/.half"
            try "{\"entries\":[\(entries.joined(separator: ","))]}".write(toFile: half, atomically: false, encoding: .utf8)
            rename(half, "\(folder)/\(name)/\(file)")
        }
    }

    private func withService(_ body: (TestDirectory, Place) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-turns-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withDirectory(pool: .init(limit: 10)) { world in
            _ = try await world.app("App")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let service = SyncService(
                reconciler: Reconciler(postgres: world.postgres, directory: world.directory, logger: logger), folder: folder,
                period: .milliseconds(300), logger: logger)
            let work = Task { try await service.run() }
            do {
                try await body(world, Place(folder: folder))
            } catch {
                let runs = try await world.postgres.query(
                    "select policy || ' ' || state || ' ' || coalesce(reason, '') as run from runs order by id")
                Issue.record("the runs: \(try runs.map { try $0.decode(String.self, "run") })")
                work.cancel()
                _ = await work.result
                throw error
            }
            work.cancel()
            _ = await work.result
        }
    }

    private func until(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let start = ContinuousClock.now
        while try await !condition() {
            try #require(ContinuousClock.now - start < .seconds(60), what, sourceLocation: sourceLocation)
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    @Test(.timeLimit(.minutes(3))) func aPolicyThatIsHeldUpOrFailsDelaysNoOther() async throws {
        try await withService { world, place in
            let names = ["a", "b", "c"]
            for name in names {
                try place.policy(name)
                try place.export(name, 1...3)
            }
            // Its app does not exist: it fails at every look.
            try place.policy("broken", app: "Nobody")
            try place.export("broken", 1...3)
            try await until("the first exports") {
                try await world.count("select count(distinct policy) from runs where state = 'done'") == 3
            }
            try await world.postgres.withConnection { connection in
                // Two of them are at work in another process, as long as it likes.
                _ = try await connection.query(
                    "select pg_advisory_lock(\(Int32(0x4d53_5243)), id::int) from sources where name in ('a', 'b')")
                for name in names { try place.export(name, 1...4, file: "second.json") }
                try await until("c waits for others") {
                    try await world.count("select count(*) from users where email = 'c4@example.org'") == 1
                }
                #expect(try await world.count("select count(*) from users where email like '_4@example.org'") == 1)
                _ = try await connection.query("select pg_advisory_unlock_all()")
            }
            try await until("a and b go on") {
                try await world.count("select count(*) from users where email like '_4@example.org'") == 3
            }
            #expect(try await world.count("select count(*) from runs where policy = 'broken'") == 0)
        }
    }

    @Test(.timeLimit(.minutes(3))) func endlessNewsOfOneDoNotStarveTheRest() async throws {
        try await withService { world, place in
            for name in ["loud", "noisy", "quiet"] { try place.policy(name) }
            for name in ["loud", "noisy"] { try place.export(name, 1...300, title: "0") }
            try await until("the loud ones run") { try await world.count("select count(*) from runs where state = 'done'") >= 2 }
            try place.export("quiet", 1...2)
            var turn = 1
            // As soon as one version is read, the next one lies there.
            try await until("quiet starves") {
                for name in ["loud", "noisy"] { try place.export(name, 1...300, title: "\(turn)", file: "v\(turn).json") }
                turn += 1
                return try await world.count("select count(*) from users where email like 'quiet%'") == 2
            }
            // The last word of each stands in the end, whatever was left out in between.
            try await until("the last versions") {
                try await world.count("select count(*) from users where name = '\(unescaped: String(turn - 1)) 300'") == 2
            }
            #expect(
                try await world.count(
                    """
                    select count(*) from runs x join runs y on y.source_id = x.source_id and y.id > x.id
                    where y.created_at < x.finished_at
                    """) == 0, "runs of one policy come one after the other")
        }
    }
}
