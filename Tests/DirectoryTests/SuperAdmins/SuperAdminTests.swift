// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Secrets
import Testing

/// Super admins by one another, and their tokens.
@Suite struct SuperAdminTests {
    @Test func createdListedAndRenamed() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let id = try await world.admins.create(
                email: " Two@Example.org", name: " Two \n Too ", password: goodPassword, by: admin.caller)
            let two = try await world.admins.show(id, by: admin.caller)
            #expect(two.email == "two@example.org" && two.name == "Two Too" && !two.isDisabled && two.sessions == 0)
            #expect(try await world.admins.list(by: .command).map(\.id) == [admin.id, id])
            try await world.admins.rename(id, name: "Zwei", by: admin.caller)
            #expect(try await world.admins.show(id, by: admin.caller).name == "Zwei")
            await #expect(throws: DirectoryError.notFound) { try await world.admins.show(999, by: admin.caller) }
            await #expect(throws: DirectoryError.notFound) { try await world.admins.rename(999, name: "X", by: admin.caller) }
            await #expect(throws: DirectoryError.self) { try await world.admins.rename(id, name: " ", by: admin.caller) }
            await #expect(throws: DirectoryError.invalid([FieldProblem("email", "Email has already been taken")])) {
                try await world.admins.create(email: "two@example.org", name: "X", password: goodPassword, by: admin.caller)
            }
            let trail = try await world.postgres.query(
                """
                select concat(actor, ' ', actor_id = \(admin.id), ' ', action, ' ', before, after) as t from audit_events
                where subject_kind = 'super_admin' and subject_id = \(id) order by id
                """
            ).map { try $0.decode(String.self, "t") }
            #expect(
                trail == [
                    #"super_admin t super_admin.create {"name": "Two Too", "email": "two@example.org"}"#,
                    #"super_admin t super_admin.update {"name": "Two Too"}{"name": "Zwei"}"#,
                ])
        }
    }

    @Test func platformAppsAreNoOperators() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let app = try await world.app("App").caller
            let (admins, sessions) = (world.admins, world.adminSessions)
            let id = admin.id
            let calls: [(String, () async throws -> Void)] = [
                ("create", { _ = try await admins.create(email: "x@x.org", name: "X", password: goodPassword, by: app) }),
                ("list", { _ = try await admins.list(by: app) }), ("show", { _ = try await admins.show(id, by: app) }),
                ("rename", { try await admins.rename(id, name: "X", by: app) }),
                ("disable", { try await admins.disable(id, by: app) }), ("enable", { try await admins.enable(id, by: app) }),
                ("reset", { try await admins.resetPassword(of: id, to: goodPassword, by: app) }),
                ("resetTOTP", { try await admins.resetTOTP(of: id, by: app) }),
                ("issue", { _ = try await admins.issueToken(to: id, scopes: nil, expiresIn: nil, by: app) }),
                ("tokens", { _ = try await admins.tokens(of: nil, by: app) }),
                ("revoke", { try await admins.revokeToken(1, of: id, by: app) }),
                ("sessions", { _ = try await sessions.list(of: nil, by: app) }),
                ("end", { try await sessions.end(1, of: id, by: app) }),
                ("others", { _ = try await sessions.endOthers(of: id, by: app) }),
            ]
            for (name, call) in calls {
                await #expect(throws: DirectoryError.invalidAccessToken, "\(name)") { try await call() }
            }
            #expect(try await world.adminSessions.session(admin.token.proof) != nil)
            #expect(try await world.count("select count(*) from super_admins") == 1)
        }
    }

    @Test func theLastOneStaysEnabled() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            await #expect(throws: DirectoryError.self) { try await world.admins.disable(admin.id, by: .command) }
            await #expect(throws: DirectoryError.notFound) { try await world.admins.disable(999, by: .command) }
            let other = try await world.superAdmin("other@example.org")
            let token = try await world.admins.issueToken(to: other.id, scopes: nil, expiresIn: nil, by: other.caller)
            let holder = try world.caller(token)
            #expect(try await world.admins.list(by: holder).count == 2)
            try await world.admins.disable(other.id, by: admin.caller)
            try await world.admins.disable(other.id, by: admin.caller)
            #expect(try await world.admins.show(other.id, by: admin.caller).isDisabled)
            #expect(try await world.adminSessions.password(ofEmail: "other@example.org") == nil)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.list(by: holder) }
            await #expect(throws: DirectoryError.self) { try await world.admins.disable(admin.id, by: admin.caller) }
            try await world.admins.enable(other.id, by: admin.caller)
            #expect(try await world.adminSessions.session(other.token.proof) == nil)
            #expect(try await world.admins.list(by: holder).count == 2)
            #expect(try await world.events("super_admin.disable") == 1)
        }
    }

    /// Eight who disable one another or are disabled by command, all at once and in an order of chance: one is left.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func whoeverDisablesWhomOneIsLeft(_ seed: UInt64) async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            var admins: [TestSuperAdmin] = []
            for number in 0..<8 { admins.append(try await world.superAdmin("a\(number)@example.org")) }
            var random = SeededGenerator(seed: seed)
            let pairs = admins.indices.flatMap { by in admins.indices.map { (by, $0) } }.shuffled(using: &random)
            await withTaskGroup(of: Void.self) { tasks in
                for (by, id) in pairs {
                    // Commands are nobody who could be disabled meanwhile: the count alone stops them.
                    let (caller, target) = (seed % 2 == 0 ? .command : admins[by].caller, admins[id].id)
                    tasks.addTask { try? await world.admins.disable(target, by: caller) }
                }
            }
            #expect(try await world.count("select count(*) from super_admins where disabled_at is null") == 1, "seed \(seed)")
        }
    }

    @Test func changingOnesPasswordEndsTheOtherSessions() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let other = try await world.begin()
            let old = try #require(try await world.adminSessions.password(ofEmail: "root@example.org")).hash
            await #expect(throws: DirectoryError.stale) {
                try await world.admins.changePassword(from: old + "x", to: "Another1!horse", by: admin.caller)
            }
            await #expect(throws: DirectoryError.self) {
                try await world.admins.changePassword(from: old, to: "weak", by: admin.caller)
            }
            try await world.admins.changePassword(from: old, to: "Another1!horse", by: admin.caller)
            #expect(try await world.adminSessions.session(admin.token.proof) != nil)
            #expect(try await world.adminSessions.session(other) == nil)
            let new = try #require(try await world.adminSessions.password(ofEmail: "root@example.org")).hash
            #expect(try await world.passwords.verify("Another1!horse", against: new))
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.admins.changePassword(from: new, to: goodPassword, by: .command)
            }
        }
    }

    @Test func tokensAreOnesOwn() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let other = try await world.superAdmin("other@example.org")
            let scope = try #require(Scope("users:read"))
            let narrow = try await world.admins.issueToken(to: admin.id, scopes: [scope], expiresIn: 60, by: admin.caller)
            #expect(narrow.accessToken.hasPrefix("mst_adm_"))
            await #expect(throws: DirectoryError.notFound) {
                try await world.admins.issueToken(to: other.id, scopes: nil, expiresIn: nil, by: admin.caller)
            }
            await #expect(throws: DirectoryError.self) {
                try await world.admins.issueToken(to: admin.id, scopes: [], expiresIn: nil, by: admin.caller)
            }
            await #expect(throws: DirectoryError.self) {
                try await world.admins.issueToken(to: admin.id, scopes: nil, expiresIn: 0, by: admin.caller)
            }
            // A narrow token begets nothing.
            let holder = try world.caller(narrow)
            await #expect(throws: DirectoryError.insufficientScope) {
                try await world.admins.issueToken(to: admin.id, scopes: nil, expiresIn: nil, by: holder)
            }
            let wide = try await world.admins.issueToken(to: admin.id, scopes: nil, expiresIn: nil, by: .command)
            let listed = try await world.admins.tokens(of: admin.id, by: admin.caller)
            #expect(listed.map(\.id) == [wide.id, narrow.id] && listed[1].scopes == ["users:read"])
            #expect(try await world.admins.tokens(of: other.id, by: admin.caller).isEmpty)
            try await world.admins.revokeToken(wide.id, of: admin.id, by: other.caller)
            await #expect(throws: DirectoryError.notFound) {
                try await world.admins.revokeToken(wide.id, of: admin.id, by: admin.caller)
            }
            let dead = try world.caller(wide)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.list(by: dead) }
            try await world.age(admin.token.proof, "confirmed_at", by: "11 minutes")
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.admins.issueToken(to: admin.id, scopes: nil, expiresIn: nil, by: admin.caller)
            }
        }
    }
}
