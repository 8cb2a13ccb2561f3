// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct ChangeEngineTests {
    @Test func aRunMakesAccountsUsersAndMembershipsTogether() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let engine = ChangeEngine(directory: world.directory)
            let account = try await PlanFixture.newID(.account, in: world)
            let user = try await PlanFixture.newID(.user, in: world)
            let plan = try await world.plan(by: app)
                .adding(.init(kind: .account, action: "create", id: account, key: "a", fields: ["name": "Acme", "locale": "de"]))
                .create(user, "ada@example.org", key: "u", memberships: [account: "administrator"])
            let set = try await plan.store()
            let report = try await engine.apply(set)
            #expect(report.applied == 2 && report.refused.isEmpty)
            let ada = try await world.directory.users.show(user, by: app.caller)
            #expect(ada.email == "ada@example.org" && ada.accounts.map(\.role) == ["administrator"] && ada.secrets != nil)
            #expect(try await world.directory.accounts.show(account, by: app.caller).locale == "de")
            #expect(try await engine.mismatches(set) == 0)
            // Applied is applied.
            #expect(try await engine.apply(set) == report)
            #expect(try await world.version(ofUser: user) == 1)
            #expect(try await world.count("select count(*) from access_tokens where owner_kind = 'user'") == 1)
            #expect(
                try await world.count("select count(*) from links where seen_row_version = 1 and last_seen_run = \(set.run)") == 2
            )
        }
    }

    /// Sessions keep the plans by which they check foreign keys. Made for a handful of users, they read through all of them, which
    /// cost an import into a young installation ten times its time.
    @Test func checksOfKeysDoNotReadThroughWhatGrows() async throws {
        try await withDirectory(pool: .init(limit: 1)) { world in
            let app = try await world.app("One")
            let account = try await world.account("Acme", by: app)
            for n in 1...120 {
                if n == 100 { try await world.postgres.execute("analyze users") }
                let user = try await world.directory.users.create(UserDraft("early\(n)@example.org"), by: app.caller)
                try await world.member(user.id, of: account.id, by: app)
            }
            var plan = try await world.plan(by: app)
            for n in 1...2_000 {
                let id = try await PlanFixture.newID(.user, in: world)
                plan = plan.create(id, "p\(n)@example.org", key: "k\(n)", memberships: [account.id: "agent"])
            }
            let set = try await plan.store()
            let read: PostgresQuery = "select coalesce(seq_tup_read, 0) from pg_stat_user_tables where relname = 'users'"
            _ = try await world.postgres.query("select pg_stat_force_next_flush()")
            let before = try await world.count(read)
            #expect(try await ChangeEngine(directory: world.directory).apply(set).applied == 2_000)
            _ = try await world.postgres.query("select pg_stat_force_next_flush()")
            // 120 rows for each are what the first look-ups may read; for each of 2,000 all that were made before were 4,700,000.
            #expect(try await world.count(read) - before < 500_000)
        }
    }

    @Test func fieldsMembershipsAndAttributesMove() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (acme, bolt) = (try await world.account("Acme", by: app), try await world.account("Bolt", by: app))
            let draft = UserDraft("ada@example.org", attributes: #"{"mine":1,"gone":2}"#)
            let ada = try await world.directory.users.create(draft, by: app.caller)
            try await world.member(ada.id, of: acme.id, by: app)
            let version = Int64(try await world.version(ofUser: ada.id))
            let set = try await world.plan(by: app).adding(
                .init(
                    action: "adopt", id: ada.id, version: version, key: "u",
                    fields: [
                        "name": "Ada", "display_name": "A.", "email": "ada@example.com", "custom_attributes.gone": nil,
                        "custom_attributes.dept": "R&D",
                    ], rawFields: ["custom_attributes.n": "[1,2]"],
                    memberships: [acme.id: String?.none, bolt.id: "administrator"])
            ).store()
            let engine = ChangeEngine(directory: world.directory)
            #expect(try await engine.apply(set).applied == 1)
            let now = try await world.directory.users.show(ada.id, by: app.caller)
            #expect(
                now.email == "ada@example.com" && now.name == "Ada" && now.displayName == "A." && now.rowVersion == version + 1)
            #expect(now.customAttributes.text == #"{"n": [1, 2], "dept": "R&D", "mine": 1}"#)
            #expect(now.accounts.map(\.id) == [bolt.id])
            #expect(try await engine.mismatches(set) == 0)
            // Somebody tampers behind everybody's back; each is seen.
            for tampering in [
                "update users set name = 'X'", "update users set email = 'x@example.org'", "update users set display_name = null",
                "update users set custom_attributes = '{}'", "update account_users set role = 'agent'",
                "delete from account_users",
                "update links set object_id = 99", "delete from users",
            ] {
                let seen = try await world.postgres.withConnection { connection in
                    try await connection.execute("begin")
                    try await connection.execute(.init(unescaped: tampering))
                    let n = try await connection.query(ReadBack.mismatches(set))[0].decode(Int64.self, "n")
                    try await connection.execute("rollback")
                    return n
                }
                #expect(seen == 1, "\(tampering)")
            }
            // A write with a version is somebody else's to answer for.
            _ = try await world.directory.users.update(ada.id, UserUpdate(name: "Y"), by: app.caller)
            #expect(try await engine.mismatches(set) == 0)
        }
    }

    @Test func suspensionsLiftOnlyTheirOwn() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("ada@example.org", by: app)
            let acme = try await world.account("Acme", by: app)
            for source in ["one", "two"] {
                let plan = try await world.plan(by: app, source: source)
                    .adding(
                        .init(
                            action: "suspend", id: ada.id, version: Int64(try await world.version(ofUser: ada.id)), suspends: true
                        )
                    )
                    .adding(
                        .init(
                            kind: .account, action: "suspend", id: acme.id,
                            version: Int64(try await world.version(ofAccount: acme.id)),
                            suspends: true))
                #expect(try await plan.apply().applied == 2)
            }
            #expect(try await world.count("select count(*) from suspensions where by_kind = 'source'") == 4)
            // The app's own word changes nothing about theirs.
            #expect(
                try await world.directory.accounts.update(acme.id, AccountDraft(status: .active), by: app.caller).status
                    == .suspended)
            for (source, left) in [("one", AccountStatus.suspended), ("one", .suspended), ("two", .active)] {
                let plan = try await world.plan(by: app, source: source)
                    .adding(
                        .init(
                            action: "restore", id: ada.id, version: Int64(try await world.version(ofUser: ada.id)),
                            suspends: false)
                    )
                    .adding(
                        .init(
                            kind: .account, action: "restore", id: acme.id,
                            version: Int64(try await world.version(ofAccount: acme.id)),
                            suspends: false))
                #expect(try await plan.apply().applied == 2)
                #expect(try await world.directory.accounts.show(acme.id, by: app.caller).status == left)
            }
            #expect(try await world.count("select count(*) from suspensions") == 0)
        }
    }
}
