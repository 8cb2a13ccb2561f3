// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// What nobody takes for a user without a person's word: listed with both sides, resolved, heeded.
@Suite struct DisputeTests {
    @Test func aForeignUserIsListedWithBothSidesAndAdopted() async throws {
        try await withSyncWorld { world in
            let (policy, journal, admin) = (try Policy.crowd(), world.base.directory.disputes, try await world.base.superAdmin())
            let other = try await world.base.app("HR")
            let user = try await world.user("p1@example.org", of: other)
            let run = try await world.reconcile(policy, Person.export(Person.crowd(3)))
            #expect(run.counts["disputed"] == 1 && run.counts["create"] == 3, "\(run.counts.values)")

            let dispute = try await world.onlyDispute()
            #expect(dispute.code == "foreign_user" && dispute.state == .open && dispute.source == "example")
            #expect(dispute.email == "p1@example.org" && dispute.entry?.hasPrefix("uid=person 1,ou=people") == true)
            #expect(dispute.externalID == "00000000-0000-4000-8000-000000000001" && dispute.runID == run.id)
            #expect(dispute.fields.text.contains(#""name": "Person 1""#), "\(dispute.fields.text)")
            let candidate = try #require(dispute.candidates.first)
            #expect(candidate.id == user && candidate.email == "p1@example.org" && !candidate.isPermissible)
            #expect(candidate.owners.map(\.appName) == ["HR"] && candidate.owners.first?.rights == .all)
            #expect(candidate.links.isEmpty && dispute.verdict == nil)

            // Without the right it is not linked, whoever says so.
            await refused(journal, dispute.id, .link(user), by: admin.caller, "adopt it")
            try await journal.resolve(dispute.id, .adopt(user), reason: "the same Ada", by: admin.caller)
            let decided = try await journal.show(dispute.id, by: .command)
            #expect(decided.state == .decided && decided.verdict?.decision == .adopt && decided.verdict?.userID == user)
            #expect(decided.verdict?.by.name == "root@example.org" && decided.verdict?.reason == "the same Ada")
            let grant =
                "select count(*) from user_permissibles where platform_app_id = \(world.app.id) and object_id = \(user) and origin = 'granted' and rights = 7"
            #expect(try await world.count(PostgresQuery(unescaped: grant)) == 1)
            for action in ["dispute.adopt", "permissible.grant"] {
                #expect(try await world.base.events(action) == 1, "\(action)")
            }

            // The same bytes again: the entry is looked at though nothing of it changed.
            let next = try await world.reconcile(policy, Person.export(Person.crowd(3)))
            #expect(next.counts["adopt"] == 1 && next.counts["disputed"] == 0 && next.state == .done, "\(next.counts.values)")
            let change = try #require(try await world.reconciler.runs.changes(of: next).first)
            #expect(change.objectID == user && change.reason == RunReason.decided)
            #expect(try await world.count("select count(*) from links where kind = 'user' and object_id = \(user)") == 1)
            #expect(try await world.count("select count(*) from disputes") == 0, "carried out")
            #expect(try await world.reconcile(policy, Person.export(Person.crowd(3))).state == .unchanged)
        }
    }

    @Test func aUserOfTheAppIsLinkedWherePolicyMatchesNobody() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of(people: "match: []")
            let user = try await world.user("ada.old@example.org", of: world.app)
            let holder = try await world.user("p1@example.org", of: world.app)
            try await world.reconcile(policy, Person.export(Person.crowd(2)))
            let dispute = try await world.onlyDispute()
            #expect(dispute.candidates.map(\.id) == [holder] && dispute.candidates.first?.isPermissible == true)
            // Another user than the candidate, whose e-mail the holder keeps: said again, with the reason.
            let journal = world.base.directory.disputes
            try await journal.resolve(dispute.id, .link(user), by: .command)
            try await world.reconcile(policy, Person.export(Person.crowd(2)))
            let lapsed = try await world.onlyDispute()
            #expect(lapsed.state == .lapsed && lapsed.verdict?.lapsed == "email_taken" && lapsed.code == "email_taken")
            try await journal.resolve(dispute.id, .link(holder), by: .command)
            let done = try await world.reconcile(policy, Person.export(Person.crowd(2)))
            #expect(done.counts["adopt"] == 1 && done.counts["disputed"] == 0)
            #expect(try await world.count("select count(*) from disputes") == 0)
            #expect(try await world.count("select count(*) from users") == 3)
        }
    }

    @Test func whatIsIgnoredIsLeftAloneUntilReconsidered() async throws {
        try await withSyncWorld { world in
            let (policy, journal) = (try Policy.crowd(), world.base.directory.disputes)
            var people = Person.crowd(3)
            people[1].mail = people[0].mail
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.counts["disputed"] == 2 && run.counts["create"] == 2)
            let both = try await journal.list(DisputeFilter(), PageRequest(limit: 10), by: .command).items
            #expect(both.map(\.code) == ["duplicate_email", "duplicate_email"])
            #expect(both.first?.rivals.map(\.entry) == [both[1].entry] && both.first?.candidates.isEmpty == true)
            let second = try #require(both.last)
            try await journal.resolve(second.id, .ignore, reason: "a test account", by: .command)
            await refused(journal, second.id, .ignore, by: .command, "decided already")
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(
                next.counts["disputed"] == 0 && next.counts["create"] == 1, "the other one has the address: \(next.counts.values)"
            )
            #expect(try await world.reconciler.runs.findings(of: next.id).isEmpty)
            let ignored = try await world.onlyDispute()
            #expect(ignored.state == .ignored && ignored.id == second.id && ignored.verdict?.reason == "a test account")
            // Left alone is not absent, and not changed.
            people[1].name = "Renamed"
            #expect(try await world.reconcile(policy, Person.export(people)).state == .unchanged)

            try await journal.resolve(second.id, .reconsider, by: .command)
            await refused(journal, second.id, .reconsider, by: .command, "Nothing of the dispute")
            people[1].mail = "own@example.org"
            let again = try await world.reconcile(policy, Person.export(people))
            #expect(again.counts["create"] == 1 && again.counts["disputed"] == 0)
            #expect(try await world.count("select count(*) from disputes") == 0, "set right at the source")
        }
    }

    @Test func aDecisionThatDoesNotHoldAnyMoreLapses() async throws {
        for fate in Fate.allCases {
            try await withSyncWorld { world in
                let journal = world.base.directory.disputes
                var policy = try Policy.crowd()
                let other = try await world.base.app("HR")
                let user = try await world.user("p1@example.org", of: other)
                var people = Person.crowd(3)
                try await world.reconcile(policy, Person.export(people))
                let dispute = try await world.onlyDispute()
                try await journal.resolve(dispute.id, .adopt(user), by: .command)
                switch fate {
                case .userGone: try await world.base.directory.users.delete(user, by: other.caller)
                case .userMoved:
                    try await world.base.postgres.execute("update users set email = 'else@example.org' where id = \(user)")
                case .entryMoved: people[0].mail = "new@example.org"
                case .rightLost:
                    try await world.base.directory.permissibles.revoke(.user, user, from: world.app.id, by: .command)
                case .protected:
                    policy = try Policy.of(people: "", guards: "protect: [{email: p1@example.org}]")
                }
                let run = try await world.reconcile(policy, Person.export(people))
                let lapsed = try await world.onlyDispute()
                #expect(lapsed.state == .lapsed && lapsed.verdict?.lapsed == fate.code, "\(fate): \(lapsed)")
                #expect(try await world.count("select count(*) from links where object_id = \(user) and kind = 'user'") == 0)
                #expect(run.counts["adopt"] == 0 && run.counts["create"] == 0, "nobody guesses: \(run.counts.values)")
                guard fate != .protected else { return }
                #expect(run.counts["disputed"] == 1)
                #expect(try await world.reconciler.runs.findings(of: run.id).map(\.code) == ["decision_lapsed"], "\(fate)")
                // It does not come to life again by itself.
                if fate == .rightLost {
                    try await world.base.directory.permissibles.grant(.user, user, to: world.app.id, .all, by: .command)
                    #expect(try await world.reconcile(policy, Person.export(people)).counts["adopt"] == 0)
                    try await journal.resolve(dispute.id, .link(user), by: .command)
                    #expect(try await world.reconcile(policy, Person.export(people)).counts["adopt"] == 1)
                }
            }
        }
    }

    enum Fate: CaseIterable {
        case userGone, userMoved, entryMoved, rightLost, protected

        var code: String {
            switch self {
            case .userGone: "user_gone"
            case .userMoved: "user_email_changed"
            case .entryMoved: "entry_email_changed"
            case .rightLost: "non_permissible"
            case .protected: "protected"
            }
        }
    }

    @Test func anEntryThatIsSomebodyIsNobodyElse() async throws {
        try await withSyncWorld { world in
            let (policy, journal) = (try Policy.crowd(), world.base.directory.disputes)
            var people = Person.crowd(3)
            try await world.reconcile(policy, Person.export(people))
            let foreign = try await world.user("taken@example.org", of: try await world.base.app("HR"))
            people[0].mail = "taken@example.org"
            try await world.reconcile(policy, Person.export(people))
            let dispute = try await world.onlyDispute()
            let own = try await world.id("p1@example.org")
            #expect(dispute.code == "email_taken" && Set(dispute.candidates.map(\.id)) == [own, foreign], "both of them")
            await refused(journal, dispute.id, .adopt(foreign), by: .command, "is user \(own) already")
            await refused(journal, dispute.id, .adopt(9_999), by: .command, "User must exist")
            // Nor is another entry's user: that entry is in the export.
            let second = try await world.id("p2@example.org")
            people.append(Person(id: 9, mail: "p2@example.org", name: "Twin"))
            try await world.reconcile(policy, Person.export(people))
            let twin = try #require(
                try await journal.list(DisputeFilter(entry: "p2@example.org"), PageRequest(limit: 9), by: .command).items.first)
            try await journal.resolve(twin.id, .link(second), by: .command)
            let run = try await world.reconcile(policy, Person.export(people))
            let lapsed = try await journal.show(twin.id, by: .command)
            #expect(lapsed.verdict?.lapsed == "linked_elsewhere", "\(lapsed) \(run.reason ?? "") \(run.counts.values)")
            try await journal.resolve(twin.id, .ignore, by: .command)
            let left = try await world.reconcile(policy, Person.export(people))
            #expect(left.counts["disputed"] == 1 && left.counts["create"] == 0, "the other one: \(left.counts.values)")
            #expect(try await journal.show(twin.id, by: .command).state == .ignored)
        }
    }

    @Test func aUserTakenFromTheAppIsGivenBack() async throws {
        try await withSyncWorld { world in
            let (policy, journal) = (try Policy.crowd(), world.base.directory.disputes)
            var people = Person.crowd(3)
            try await world.reconcile(policy, Person.export(people))
            let user = try await world.id("p1@example.org")
            try await world.base.directory.permissibles.revoke(.user, user, from: world.app.id, by: .command)
            people[0].name = "Renamed"
            try await world.reconcile(policy, Person.export(people))
            let dispute = try await world.onlyDispute()
            #expect(dispute.code == "non_permissible" && dispute.candidates.map(\.id) == [user])
            #expect(dispute.candidates.first?.links.map(\.externalID) == [dispute.externalID])
            #expect(try await world.reconciler.due().isEmpty)
            try await journal.resolve(dispute.id, .adopt(user), by: .command)
            #expect(try await world.reconciler.due().map(\.policy) == ["crowd"], "a daemon looks again")
            #expect(try await world.reconcile(policy, Person.export(people)).counts["update"] == 1)
            #expect(try await world.count("select count(*) from disputes") == 0)
            #expect(try await world.reconciler.due().isEmpty)
        }
    }

    @Test func oneOfTwoWhoResolveAtOnceDoes() async throws {
        try await withSyncWorld { world in
            let journal = world.base.directory.disputes
            let (one, two) = (
                try await world.base.superAdmin("one@example.org"), try await world.base.superAdmin("two@example.org")
            )
            let user = try await world.user("p1@example.org", of: try await world.base.app("HR"))
            try await world.reconcile(try Policy.crowd(), Person.export(Person.crowd(2)))
            let id = try await world.onlyDispute().id
            let done = await withTaskGroup(of: Bool.self) { group in
                for (caller, resolution) in [
                    (one.caller, DisputeResolution.adopt(user)), (two.caller, .ignore), (one.caller, .ignore),
                    (two.caller, .adopt(user)),
                ] {
                    group.addTask { (try? await journal.resolve(id, resolution, by: caller)) != nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(done == 1)
            #expect(try await world.count("select count(*) from audit_events where action like 'dispute.%'") == 1)
            let grants = try await world.count(
                "select count(*) from user_permissibles where platform_app_id = \(world.app.id) and object_id = \(user)")
            let isAdopted = try await journal.show(id, by: .command).verdict?.decision == .adopt
            #expect(grants == (isAdopted ? 1 : 0), "no grant without its decision")
        }
    }

    @Test func anAppSeesItsOwnAndDecidesNothing() async throws {
        try await withSyncWorld { world in
            let journal = world.base.directory.disputes
            let other = try await world.base.app("HR")
            let user = try await world.user("p1@example.org", of: other)
            try await world.reconcile(try Policy.crowd(), Person.export(Person.crowd(2)))
            let id = try await world.onlyDispute().id
            let seen = try #require(
                try await journal.list(DisputeFilter(), PageRequest(limit: 9), by: world.app.caller).items.first)
            #expect(
                seen.id == id && seen.candidates.isEmpty && seen.hiddenCandidates == 1, "whom it may not read it does not see")
            #expect(try await journal.list(DisputeFilter(), PageRequest(limit: 9), by: other.caller).items.isEmpty)
            let missing = await #expect(throws: DirectoryError.self) { try await journal.show(id, by: other.caller) }
            #expect(missing == .notFound)
            for caller in [world.app.caller, other.caller] {
                for resolution in [DisputeResolution.link(user), .adopt(user), .ignore, .reconsider] {
                    let error = await #expect(throws: DirectoryError.self) {
                        try await journal.resolve(id, resolution, by: caller)
                    }
                    #expect(error == .invalidAccessToken)
                }
            }
            #expect(try await world.onlyDispute().state == .open)
            #expect(try await world.count("select count(*) from user_permissibles where object_id = \(user)") == 1)
            try await world.base.directory.permissibles.grant(.user, user, to: world.app.id, .read, by: .command)
            let known = try #require(try await journal.show(id, by: world.app.caller).candidates.first)
            #expect(known.id == user && !known.isPermissible && known.owners.isEmpty)
        }
    }

    private func refused(
        _ journal: DisputeStore, _ id: Int64, _ resolution: DisputeResolution, by caller: Caller, _ words: String
    ) async {
        let error = await #expect(throws: DirectoryError.self) { try await journal.resolve(id, resolution, by: caller) }
        guard case .invalid(let problems)? = error else {
            return #expect(Bool(false), "\(resolution): \(String(describing: error))")
        }
        #expect(problems.contains { $0.message.contains(words) }, "\(problems)")
    }
}

extension SyncWorld {
    /// A user that an app makes.
    func user(_ email: String, of app: TestApp) async throws -> Int64 {
        var draft = UserDraft()
        (draft.email, draft.name) = (email, "Somebody")
        return try await base.directory.users.create(draft, by: app.caller).id
    }

    func onlyDispute() async throws -> Dispute {
        let disputes = try await base.directory.disputes.list(DisputeFilter(), PageRequest(limit: 10), by: .command).items
        #expect(disputes.count == 1, "\(disputes.map { ($0.code, $0.email, $0.state) })")
        return try #require(disputes.first)
    }
}

extension TestDirectory {
    func events(_ action: String) async throws -> Int {
        try await count("select count(*) from audit_events where action = \(action)")
    }
}
