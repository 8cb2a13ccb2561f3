// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Logging
import Policy
import Postgres
import PostgresTestSupport
import Sync
import Testing

/// The server's disk is full in the middle of a run: nothing is half applied, and when there is room again the sync goes on by
/// itself and ends where an undisturbed one does.
@Suite(.serialized, .enabled(if: !SmallDisk.ways.isEmpty, "this user may neither mount a file system nor limit the server's"))
struct FullDiskTests {
    /// Where files are limited, more than a megabyte of each: rows that are staged, changes, users.
    private static func people(_ way: SmallDisk.Way) -> Int { way == .limited ? 6_000 : 1_500 }

    private static func policy() throws -> Policy { try .crowd(guards: "guards: {administrators: {count: 10000}}") }

    enum Stage: String, CaseIterable {
        case staging, planning, applying

        func isReached(by step: RunProgress.Step) -> Bool {
            switch (self, step) {
            case (.staging, .reading), (.planning, .planning), (.applying, .applying): true
            default: false
            }
        }
    }

    @Test(arguments: SmallDisk.ways, Stage.allCases)
    func aRunGoesOnWhenThereIsRoomAgain(_ way: SmallDisk.Way, _ stage: Stage) async throws {
        var people = Person.crowd(Self.people(way))
        // Whose address moves is in a chunk that comes before all others.
        people[0].mail = "moved@example.org"
        let (before, after) = (Person.export(Person.crowd(30)), Person.export(people))
        let undisturbed = try await withSyncWorld { world in
            try await world.reconcile(try Self.policy(), before)
            try await world.reconcile(try Self.policy(), after)
            return try await world.image()
        }
        try await SmallDisk.with(way) { disk in
            try await withWorld(on: disk) { world in
                let policy = try Self.policy()
                try await world.reconcile(policy, before)
                let image = try await world.image()
                let file = world.folder.appending(path: "export.json")
                try Data(after.utf8).write(to: file)

                let fault = Fault { try disk.fill() }
                let progress = RunProgress { step in if stage.isReached(by: step) { fault.happen() } }
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await world.reconciler.reconcile(policy, file: file.path, actor: "watch", progress: progress)
                }
                #expect(fault.isOver && fault.error == nil)
                if way == .mounted { #expect(error?.sqlState == "53100", "\(error.map { "\($0)" } ?? "")") }
                let left = try await world.reconciler.runs.list()[0]
                if stage == .applying {
                    #expect(left.state == .applying)
                } else {
                    #expect([.failed, .reading].contains(left.state), "\(left.state)")
                    #expect(try await world.image() == image)
                }

                try disk.free()
                // What a daemon does each second.
                _ = try await world.reconciler.endAbandoned()
                if case .failed(_, let error) = try await world.reconciler.applyWaiting() { Issue.record("\(error)") }
                let settled = try await world.reconciler.runs.show(left.id)
                #expect(settled.state == (stage == .applying ? .done : .failed))
                #expect(settled.code == (stage == .applying ? nil : "interrupted"))
                #expect(settled.reason?.isEmpty != true)
                #expect(try await world.count("select count(*) from pg_tables where schemaname = 'staging'") == 0)
                // And after its rest.
                let next = try await world.reconciler.reconcile(policy, file: file.path, actor: "watch")
                #expect(next.state == (stage == .applying ? .unchanged : .done), "\(next.reason ?? "")")
                #expect(try await world.image() == undisturbed)
            }
        }
    }

    private func withWorld(on disk: SmallDisk, _ body: (SyncWorld) async throws -> Void) async throws {
        let client = PostgresClient(configuration: disk.server.configuration(), logger: Logger(label: "test"))
        for statement in disk.statements { try await client.withConnection { try await $0.executeScript(statement) } }
        await client.close()
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-sync-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await withDirectory(on: disk.server) { base in
            let app = try await base.app("Directory sync")
            let reconciler = Reconciler(postgres: base.postgres, directory: base.directory, logger: Logger(label: "test"))
            try await body(SyncWorld(base: base, app: app, reconciler: reconciler, folder: folder))
        }
    }
}
