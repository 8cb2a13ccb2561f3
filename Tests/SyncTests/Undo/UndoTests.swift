// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// What a run did is reversed by another run, as far as nobody changed it since.
@Suite struct UndoTests {
    @Test func whatNobodyChangedSinceIsUndoneAndTheRestIsListed() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(10_000)
            try await world.reconcile(policy, Person.export(people))
            for index in people.indices { people[index].name = "Renamed \(index + 1)" }
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.counts["update"] == 10_000)
            try await world.rename(first: 100, to: "By hand")

            let undo = try await world.reconciler.undo(run.id, guards: policy.guards, actor: "test")
            #expect(undo.state == .planned && undo.undoes == run.id, "\(undo.reason ?? "")")
            #expect(undo.counts["update"] == 9_900 && undo.counts.objectChanges == 9_900)
            let findings = try await world.reconciler.runs.findings(of: undo.id)
            #expect(findings.count == 100 && undo.counts["not_undone"] == 100)
            #expect(findings.allSatisfy { $0.code == "changed_since" && $0.detail.contains("by Directory sync") })
            #expect(try await world.count("select count(*) from users where name like 'Person %'") == 0, "a plan changes nothing")

            let done = try await world.reconciler.apply(undo.id)
            #expect(done.state == .done && done.counts["applied"] == 9_900 && done.counts["mismatches"] == 0)
            #expect(try await world.count("select count(*) from users where name like 'Person %'") == 9_900)
            #expect(try await world.count("select count(*) from users where name = 'By hand'") == 100)
        }
    }

    @Test func swapsAndCyclesOfAddressesTurnBack() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {email_changes: {percent: 90}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            let before = try await world.image()
            (people[0].mail, people[1].mail) = (people[1].mail, people[0].mail)
            (people[2].mail, people[3].mail, people[4].mail) = (people[3].mail, people[4].mail, people[2].mail)
            people[5].mail = "elsewhere@example.org"
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .done && run.counts["update"] == 6)
            let undo = try await world.undo(run, policy)
            #expect(undo.state == .done && undo.counts["applied"] == 6 && undo.counts["not_undone"] == 0)
            #expect(try await world.image() == before)
        }
    }

    @Test func aTakenAddressIsListedNotForced() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {email_changes: {percent: 90}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            // The third takes the second's address, who takes the first's; the first's is new.
            (people[0].mail, people[1].mail, people[2].mail) = ("new@example.org", "p1@example.org", "p2@example.org")
            people[0].name = "First"
            let run = try await world.reconcile(policy, Person.export(people))
            // Somebody new holds the address that the third had; so none of the three gets theirs back.
            _ = try await world.makeUser("p3@example.org")
            let undo = try await world.undo(run, policy)
            let findings = try await world.reconciler.runs.findings(of: undo.id)
            #expect(findings.map(\.code) == ["email_taken", "email_taken", "email_taken"])
            #expect(undo.state == .done && undo.counts["applied"] == 1, "the name at least: \(undo.counts.values)")
            #expect(
                try await world.count("select count(*) from users where name = 'Person 1' and email = 'new@example.org'") == 1)
        }
    }

    @Test func whatWasMadeIsSuspendedAndASuspensionIsLifted() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 90}}")
            var people = Person.crowd(20)
            let first = try await world.reconcile(policy, Person.export(people))
            let gone = people.removeLast()
            people[0].active = false
            people.append(Person(id: 30, mail: "p30@example.org", name: "Person 30", groups: ["support"]))
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.counts["suspend"] == 2 && run.counts["create"] == 1)
            let suspended: PostgresQuery = """
                select coalesce(string_agg(u.email, ' ' order by u.email), '') as n from suspensions s join users u on u.id = s.subject_id
                """
            let undo = try await world.undo(run, policy)
            #expect(undo.counts["restore"] == 2 && undo.counts["suspend"] == 1)
            #expect(try await world.text(suspended) == "p30@example.org")
            // Twice is no change, and says so.
            let again = try await world.reconciler.undo(run.id, guards: policy.guards, actor: "test")
            #expect(again.state == .unchanged)
            #expect(Set(try await world.reconciler.runs.findings(of: again.id).map(\.code)) == ["as_before"])

            // Undone once more, all is as the export says.
            let back = try await world.undo(undo, policy)
            #expect(back.counts["applied"] == 3)
            #expect(try await world.text(suspended) == "p1@example.org \(gone.mail)")
            #expect(try await world.reconcile(policy, Person.export(people)).state != .held, "no undo stands any more")

            // The first run made everybody, and the account: a guard looks at so many suspensions.
            let all = try await world.reconciler.undo(first.id, guards: Guards(), actor: "test")
            #expect(all.state == .held && all.code == "removals")
            #expect(try await world.reconciler.runs.findings(of: all.id).map(\.code) == ["as_before", "as_before"])
        }
    }

    @Test func rolesAndMembershipsTurnBack() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 90}}")
            var people = Person.crowd(12)
            try await world.reconcile(policy, Person.export(people))
            let before = try await world.image()
            people[0].groups = []
            people[1].groups = ["leads"]
            people[2].groups = ["support"]
            people[3].groups = []
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.counts["update"] == 4)
            let undo = try await world.undo(run, policy)
            #expect(undo.counts["applied"] == 4 && undo.counts["not_undone"] == 0)
            #expect(try await world.image() == before)
        }
    }

    @Test func everyReasonNotToUndoHasItsCode() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {email_changes: {percent: 90}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            for index in 0..<6 { people[index].name = "Renamed \(index + 1)" }
            let run = try await world.reconcile(policy, Person.export(people))
            let ids = try await world.base.postgres.query("select id from users order by id").map {
                try $0.decode(Int64.self, "id")
            }
            // The first: to and fro by a call. The second: a person's. The third: not ours any more. The fourth: deleted.
            for name in ["Elsewhere", "Renamed 1"] {
                var update = UserUpdate()
                update.name = name
                _ = try await world.base.directory.users.update(ids[0], update, by: world.app.caller)
            }
            _ = try await world.base.postgres.execute(
                "update users set field_owners = '{\"name\": {\"kind\": \"super_admin\"}}' where id = \(ids[1])")
            _ = try await world.base.postgres.execute("delete from user_permissibles where object_id = \(ids[2])")
            try await world.base.directory.users.delete(ids[3], by: world.app.caller)
            // The fifth: a later run.
            people[4].name = "Renamed again"
            people.remove(at: 3)
            people.remove(at: 2)
            _ = try await world.reconcile(policy, Person.export(people))
            let undo = try await world.undo(run, policy)
            let codes = try await world.reconciler.runs.findings(of: undo.id).map(\.code)
            #expect(codes == ["changed_since", "owned_by_person", "non_permissible", "gone", "changed_since"])
            #expect(undo.counts["applied"] == 1)
            #expect(try await world.count("select count(*) from users where name = 'Person 6'") == 1)
        }
    }

    @Test func onlyWhatWasAppliedCanBeUndone() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(Person.crowd(3)).utf8).write(to: file)
            let run = try await world.reconciler.plan(policy, file: file.path, actor: "test")
            let error = await #expect(throws: SyncError.self) {
                try await world.reconciler.undo(run.id, guards: policy.guards, actor: "test")
            }
            #expect(error?.code == .notApplicable)
        }
    }
}

/// The next run does not silently do again what was undone.
@Suite struct UndoneAgainTests {
    @Test func anUndoneChangeHoldsTheNextRun() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 90}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            people[0].name = "Renamed"
            people[1].active = false
            people[2].groups = ["support"]
            let run = try await world.reconcile(policy, Person.export(people))
            _ = try await world.undo(run, policy)
            people[9].name = "Something else"
            let held = try await world.reconcile(policy, Person.export(people))
            #expect(held.state == .held && held.code == "undone", "\(held.reason ?? "")")
            #expect(held.counts.objectChanges == 4)
            let findings = try await world.reconciler.runs.findings(of: held.id).filter { $0.code == "undone" }
            #expect(findings.count == 3)

            // Let through, it is done again, and then the matter is closed.
            _ = try await world.reconciler.apply(held.id, release: true)
            #expect(try await world.reconcile(policy, Person.export(people)).state == .unchanged)
            try await world.rename(first: 1, to: "By hand")
            let mended = try await world.reconcile(policy, Person.export(people))
            #expect(mended.state == .done && mended.counts["update"] == 1, "\(mended.reason ?? "")")
        }
    }

    /// Twenty people, the first of whom was renamed to something wrong, which was undone; as the source has them.
    private func crowdOfWhichOneIsUndone(_ world: SyncWorld, _ policy: Policy) async throws -> [Person] {
        var people = Person.crowd(20)
        try await world.reconcile(policy, Person.export(people))
        people[0].name = "Wrong"
        let run = try await world.reconcile(policy, Person.export(people))
        _ = try await world.undo(run, policy)
        return people
    }

    @Test func aSourceThatSaysSomethingElseHoldsNothing() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = try await crowdOfWhichOneIsUndone(world, policy)
            people[0].name = "Right"
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(next.state == .done && next.counts["update"] == 1)
            people[0].name = "Person 1"
            #expect(try await world.reconcile(policy, Person.export(people)).state == .done)
        }
    }

    @Test func aSourceThatIsAsBeforeAgainHasNothingToChange() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = try await crowdOfWhichOneIsUndone(world, policy)
            people[0].name = "Person 1"
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(next.state != .held && next.counts.objectChanges == 0)
        }
    }
}

extension SyncWorld {
    /// Undoes a run and applies that.
    func undo(_ run: Run, _ policy: Policy) async throws -> Run {
        try await reconciler.apply(reconciler.undo(run.id, guards: policy.guards, actor: "test").id)
    }

    /// Edits people by hand, the first ones.
    func rename(first count: Int, to name: String) async throws {
        var update = UserUpdate()
        update.name = name
        for row in try await base.postgres.query("select id from users order by id limit \(Int64(count))") {
            _ = try await base.directory.users.update(row.decode(Int64.self, "id"), update, by: app.caller)
        }
    }

    func makeUser(_ email: String) async throws -> User {
        var draft = UserDraft()
        draft.email = email
        draft.name = "Somebody"
        return try await base.directory.users.create(draft, by: app.caller)
    }

    /// One text that a statement gives as `n`.
    func text(_ query: PostgresQuery) async throws -> String {
        try await base.postgres.query(query).first?.decode(String.self, "n") ?? ""
    }
}
