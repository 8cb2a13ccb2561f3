// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// What a dead process left behind is finished by the next one.
@Suite struct RecoveryTests {
    /// Runs that were being applied when their process died; of each only the plan is there.
    private func cutShort(_ world: SyncWorld, sources: [String]) async throws -> [Run] {
        var runs: [Run] = []
        for (number, source) in sources.enumerated() {
            let policy = try Policy(
                yaml: """
                    policy: \(source)
                    platform_app: Directory sync
                    source: \(source)
                    people: {where: (objectClass=inetOrgPerson), id: entryUUID, email: mail, name: cn}
                    """, file: "\(source).yaml")
            let people = (1...5).map { Person(id: number * 10 + $0, mail: "p\($0)@\(source).org", name: source, groups: []) }
            let file = world.folder.appending(path: "\(source).json")
            try Data(Person.export(people).utf8).write(to: file)
            runs.append(try await world.reconciler.plan(policy, file: file.path, actor: "test"))
        }
        try await world.base.postgres.execute("update runs set state = 'applying'")
        return runs
    }

    @Test func aRunThatCannotBeFinishedDoesNotStopTheOthers() async throws {
        try await withSyncWorld { world in
            let runs = try await cutShort(world, sources: ["first", "second", "third"])
            try await world.base.postgres.withConnection {
                try await $0.executeScript(
                    """
                    create function fail() returns trigger language plpgsql as $$ begin
                        raise exception 'disk full' using errcode = '53100';
                    end $$;
                    create trigger fail before insert on users for each row when (new.name = 'second') execute function fail()
                    """)
            }
            var failures: [Int64] = []
            let recovered = try await world.reconciler.recover { run, _ in failures.append(run.id) }
            #expect(recovered.map(\.id) == [runs[0].id, runs[2].id])
            #expect(failures == [runs[1].id])
            #expect(try await world.reconciler.runs.show(runs[1].id).state == .applying)
            #expect(try await world.count("select count(*) from users") == 10)

            try await world.base.postgres.execute("drop trigger fail on users")
            let rest = try await world.reconciler.recover { run, error in Issue.record("run \(run.id): \(error)") }
            #expect(rest.map(\.state) == [.done])
            #expect(try await world.count("select count(*) from users") == 15)
        }
    }
}
