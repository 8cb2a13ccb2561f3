// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// A policy whose runs come to nothing is put aside or said to be in trouble, once, until one of them goes well.
@Suite struct TroubleTests {
    private func told(_ world: SyncWorld) async throws -> [String] {
        try await world.base.postgres.query(
            "select type || ' ' || (payload::jsonb -> 'data' ->> 'code') as t from deliveries order by id"
        )
        .map { try $0.decode(String.self, "t") }
    }

    private func listen(_ world: SyncWorld, _ app: TestApp, _ events: [String]? = nil) async throws {
        var draft = WebhookDraft()
        (draft.url, draft.events) = ("https://hooks.example.org/", events)
        _ = try await world.base.directory.webhooks.create(draft, by: app.caller)
    }

    @Test func anUnusableFilePutsThePolicyAside() async throws {
        try await withSyncWorld { world in
            try await listen(world, world.app)
            try await listen(world, world.app, ["user.created"])
            try await listen(world, try await world.base.app("Other"))
            let policy = try Policy.crowd()
            let people = Person.crowd(5)
            // More than half of them cannot be used.
            let broken = Person.export(people).replacing("\"mail\"", with: "\"post\"", maxReplacements: 3)
            let export = world.folder.appending(path: "export.json").path
            let run = try await world.reconcile(policy, broken)
            #expect(run.state == .refused && run.code == "unusable", "\(run.reason ?? "")")
            let file = try #require(WatchedFile(export: export))
            #expect(try await world.reconciler.isPutAside(policy, file: file))
            #expect(try await told(world) == ["sync.troubled unusable"], "its own app, and who listens for it")
            let trouble = try #require(
                try await world.base.directory.quarantine.troubles(PageRequest(limit: 9), by: .command).items.first)
            #expect(trouble.policy == "crowd" && trouble.isPutAside && trouble.failures == 1 && trouble.runID == run.id)

            // Once, however often it is run; other rules are another story.
            try await world.reconcile(policy, broken)
            #expect(try await told(world).count == 1)
            let again = try #require(WatchedFile(export: export))
            #expect(try await world.reconciler.isPutAside(policy, file: again))
            #expect(try await world.reconciler.isPutAside(try Policy.of(people: "display_name: cn"), file: again) == false)

            // A person may ask for it.
            try await world.base.directory.quarantine.retry(policy: "crowd", by: .command)
            #expect(try await world.reconciler.isPutAside(policy, file: again) == false)
            #expect(try await world.reconciler.due().map(\.policy) == ["crowd"])
            let none = await #expect(throws: DirectoryError.self) {
                try await world.base.directory.quarantine.retry(policy: "nobody", by: .command)
            }
            #expect(none == .notFound)

            #expect(try await world.reconcile(policy, Person.export(people)).state == .done)
            #expect(try await told(world) == ["sync.troubled unusable", "sync.recovered unusable"])
            #expect(try await world.count("select count(*) from policy_standings") == 0)
            #expect(try await world.base.directory.quarantine.troubles(PageRequest(limit: 9), by: .command).items.isEmpty)
        }
    }

    @Test func severalRunsThatFailAlikeAreTroubleOnce() async throws {
        try await withSyncWorld { world in
            try await listen(world, world.app)
            let policy = try Policy.crowd()
            for number in 1...5 {
                #expect(try await world.reconcile(policy, "{\"entries\":[").state == .refused)
                #expect(try await told(world).count == (number < 3 ? 0 : 1), "run \(number)")
            }
            // What nobody was to apply says nothing of the policy.
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(Person.crowd(2)).utf8).write(to: file)
            _ = try await world.reconciler.plan(policy, file: file.path, actor: "test")
            #expect(try await told(world).count == 1)
            #expect(try await world.reconcile(policy, Person.export(Person.crowd(2))).state == .done)
            #expect(try await told(world).map { $0.prefix(14) } == ["sync.troubled ", "sync.recovered"])
        }
    }

    @Test func theOverviewCountsWhatWaits() async throws {
        try await withSyncWorld { world in
            _ = try await world.user("p1@example.org", of: try await world.base.app("HR"))
            let policy = try Policy.crowd()
            try await world.reconcile(policy, Person.export(Person.crowd(2)))
            for _ in 1...3 { try await world.reconcile(policy, "{\"entries\":[") }
            let overview = try await world.base.directory.overview.show(by: .command)
            #expect(overview.openDisputes == 1 && overview.policiesInTrouble == 1 && overview.quarantinedEntries == 0)
        }
    }
}
