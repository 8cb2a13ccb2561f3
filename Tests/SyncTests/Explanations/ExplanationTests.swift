// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// Why a user or an account is as it is.
@Suite struct ExplanationTests {
    @Test func eachValueHasItsAuthorAndItsRule() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 90}}")
            var people = Person.crowd(12)
            let first = try await world.reconcile(policy, Person.export(people))
            people[2].name = "Renamed"
            let second = try await world.reconcile(policy, Person.export(people))
            let id = try await world.id("p3@example.org")
            var update = UserUpdate()
            update.displayName = "Captain"
            update.customAttributes = JSONText("{\"desk\": 7}")
            _ = try await world.base.directory.users.update(id, update, by: world.app.caller)

            let why = try await world.explain(.user, id)
            #expect(why.label == "p3@example.org")
            let fields = Dictionary(uniqueKeysWithValues: why.fields.map { ($0.name, $0) })
            #expect(Set(fields.keys) == ["email", "name", "display_name", "custom_attributes.desk"])
            let email = try #require(fields["email"])
            #expect(email.value.text == "\"p3@example.org\"" && email.owner == "policy")
            #expect(email.provenance.rule == "people.email" && email.provenance.policy == "crowd")
            #expect(email.provenance.source == "example" && email.provenance.ruleRun == first.id)
            #expect(email.provenance.externalID == "00000000-0000-4000-8000-000000000003")
            guard case .run(first.id, policy: "crowd", file: let file, undoes: nil)? = email.provenance.author else {
                return #expect(Bool(false), "\(email.provenance)")
            }
            #expect(file?.hasSuffix("export.json") == true)
            let name = try #require(fields["name"])
            guard case .run(second.id, _, _, _)? = name.provenance.author else { return #expect(Bool(false)) }
            for edited in ["display_name", "custom_attributes.desk"] {
                let field = try #require(fields[edited])
                guard case .actor(let actor, action: "user.update")? = field.provenance.author else {
                    return #expect(Bool(false), "\(field)")
                }
                #expect(actor.kind == "platform_app" && actor.name == "Directory sync")
                #expect(field.owner == "anybody" && field.provenance.rule == nil)
            }
            let membership = try #require(why.memberships.first)
            #expect(membership.role == "administrator" && membership.accountName == "Support")
            #expect(membership.accountKey == "support" && membership.provenance.ruleRun == first.id)
            #expect(membership.provenance.rule == "cn=leads,ou=groups,dc=example,dc=org")
            let read = try #require(why.reads.first)
            #expect(why.reads.count == 1 && read.runID == second.id && read.situation == "changed")
        }
    }

    @Test func anEditIsTheLastAuthorAndAnUndoSaysWhat() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(5)
            try await world.reconcile(policy, Person.export(people))
            let id = try await world.id("p1@example.org")
            func author() async throws -> Provenance.Author? {
                let why: Explanation = try await world.explain(.user, id)
                return why.fields.first { $0.name == "name" }?.provenance.author
            }
            try await world.rename(first: 1, to: "By hand")
            guard case .actor(_, action: "user.update")? = try await author() else { return #expect(Bool(false)) }
            people[0].name = "By the source"
            let run = try await world.reconcile(policy, Person.export(people))
            let undo = try await world.undo(run, policy)
            guard case .run(undo.id, _, _, undoes: run.id)? = try await author() else { return #expect(Bool(false)) }
            let field = try await world.explain(.user, id).fields.first { $0.name == "name" }
            #expect(field?.provenance.rule == "undo of run \(run.id)" && field?.owner == "policy")
            _ = try await world.base.postgres.execute(
                "update users set field_owners = '{\"name\": {\"kind\": \"super_admin\", \"id\": 1}}' where id = \(id)")
            #expect(try await world.explain(.user, id).fields.first { $0.name == "name" }?.owner == "person")
        }
    }

    @Test func theNewestReadSaysWhatItWouldChangeOrWhyNot() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {count: 1}}")
            var people = Person.crowd(12)
            try await world.reconcile(policy, Person.export(people))
            people[0].active = false
            people[1].active = false
            people[2].mail = people[3].mail
            people[4].mail = "none"
            let held = try await world.reconcile(policy, Person.export(people))
            #expect(held.state == .held)
            func read(_ email: String) async throws -> ExplainedRead? {
                let why: Explanation = try await world.explain(.user, world.id(email))
                return why.reads.first
            }
            let first = try #require(try await read("p1@example.org"))
            #expect(first.situation == "would_change" && first.change?.action == "suspend" && first.change?.suspends == true)
            let duplicate = try #require(try await read("p3@example.org"))
            #expect(duplicate.situation == "email_taken" && duplicate.finding?.line != nil)
            let quarantined = try #require(try await read("p5@example.org"))
            #expect(quarantined.finding != nil && quarantined.situation == quarantined.finding?.code)
            #expect(try await read("p7@example.org")?.situation == "unchanged")

            _ = try await world.reconciler.apply(held.id, release: true)
            let suspended = try await world.explain(.user, world.id("p1@example.org"))
            #expect(suspended.suspensions.count == 1 && suspended.suspensions.first?.runID == held.id)
            #expect(suspended.suspensions.first?.standing.by.name == "example")
        }
    }

    @Test func anAccountIsExplainedAndWhatIsNotThereIsNot() async throws {
        try await withSyncWorld { world in
            let run = try await world.reconcile(try Policy.crowd(), Person.export(Person.crowd(3)))
            let id = Int64(try await world.count("select id from accounts"))
            let why = try await world.explain(.account, id)
            #expect(why.fields.map(\.name).sorted() == ["locale", "name"] && why.memberships.isEmpty)
            let name = try #require(why.fields.first { $0.name == "name" })
            #expect(name.provenance.rule == "accounts.name" && name.provenance.ruleRun == run.id && name.owner == "policy")
            #expect(name.provenance.externalID == "support" && why.reads.first?.situation == "changed")
            let error = await #expect(throws: DirectoryError.self) { try await world.explain(.user, 9_999_999) }
            guard case .notFound? = error else { return #expect(Bool(false)) }
            let refused = await #expect(throws: DirectoryError.self) {
                try await world.base.directory.explanations.explain(.account, id, by: world.app.caller)
            }
            guard case .invalidAccessToken? = refused else { return #expect(Bool(false)) }
        }
    }
}

extension SyncWorld {
    func explain(_ kind: ObjectKind, _ id: Int64) async throws -> Explanation {
        try await base.directory.explanations.explain(kind, id, by: .command)
    }

    func id(_ email: String) async throws -> Int64 { Int64(try await count("select id from users where email = \(email)")) }
}
