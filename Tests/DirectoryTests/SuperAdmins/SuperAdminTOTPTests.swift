// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Secrets
import Testing

/// Authenticators and recovery codes.
@Suite struct SuperAdminTOTPTests {
    @Test func anAuthenticatorCountsOnceItIsProved() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            await #expect(throws: DirectoryError.notFound) { try await world.admins.begunTOTP(by: admin.caller) }
            let first = try await world.admins.beginTOTP(by: admin.caller)
            #expect(try await world.admins.begunTOTP(by: admin.caller).reveal() == first.reveal())
            let second = try await world.admins.beginTOTP(by: admin.caller)
            #expect(first.reveal() != second.reveal())
            // Not proved: a password is still enough.
            #expect(try await world.adminSessions.session(try await world.begin()) != nil)
            let step = TOTP.step(at: TestDirectory.now)
            for wrong in ["", "000", TOTP.code(first.secret, step: step), TOTP.code(second.secret, step: step - 3)] {
                await #expect(throws: DirectoryError.self, "\(wrong)") {
                    try await world.admins.confirmTOTP(code: wrong, by: admin.caller)
                }
            }
            let code = TOTP.code(second.secret, step: step)
            let codes = try await world.admins.confirmTOTP(code: "\(code.prefix(3)) \(code.suffix(3))", by: admin.caller)
            #expect(Set(codes.map { $0.reveal() }).count == 10)
            // What the password alone began is over, apart from the session that asked.
            #expect(try await world.count("select count(*) from super_admin_sessions") == 1)
            let shown = try await world.admins.show(admin.id, by: admin.caller)
            #expect(shown.hasTOTP && shown.recoveryCodesLeft == 10 && shown.sessions == 1)
            #expect(try await world.adminSessions.session(admin.token.proof)?.hasTOTP == true)
            for call in [world.admins.beginTOTP, world.admins.begunTOTP] {
                await #expect(throws: DirectoryError.self) { _ = try await call(admin.caller) }
            }
            #expect(try await world.events("super_admin.totp_enable") == 1)
        }
    }

    @Test func disablingAndResettingTakeTheCodesAlong() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let other = try await world.superAdmin("other@example.org")
            _ = try await world.enrol(admin)
            try await world.admins.disableTOTP(by: admin.caller)
            #expect(try await world.count("select count(*) from super_admin_recovery_codes") == 0)
            #expect(try await world.adminSessions.session(try await world.begin()) != nil)
            await #expect(throws: DirectoryError.notFound) { try await world.admins.disableTOTP(by: admin.caller) }
            await #expect(throws: DirectoryError.stale) { try await world.admins.renewRecoveryCodes(by: admin.caller) }

            _ = try await world.enrol(other)
            let waiting = try await world.begin("other@example.org")
            try await world.admins.resetTOTP(of: other.id, by: admin.caller)
            #expect(try await world.adminSessions.pending(waiting) == nil)
            #expect(try await world.adminSessions.session(other.token.proof) == nil)
            #expect(try await world.admins.show(other.id, by: admin.caller).hasTOTP == false)
            await #expect(throws: DirectoryError.notFound) { try await world.admins.resetTOTP(of: 999, by: admin.caller) }
            #expect(try await world.events("super_admin.totp_reset") == 1)
        }
    }

    @Test func newRecoveryCodesEndTheFormerAndRacesLeaveTen() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let admin = try await world.superAdmin()
            let (_, former, _) = try await world.enrol(admin)
            let results = await withTaskGroup(of: [RecoveryCode]?.self) { tasks in
                for _ in 0..<8 { tasks.addTask { try? await world.admins.renewRecoveryCodes(by: admin.caller) } }
                return await tasks.reduce(into: [[RecoveryCode]?]()) { $0.append($1) }.compactMap(\.self)
            }
            #expect(!results.isEmpty)
            #expect(try await world.count("select count(*) from super_admin_recovery_codes") == 10)
            let proof = try await world.begin()
            let new = SuperAdminSessionToken.random().proof
            #expect(try await !world.adminSessions.complete(proof, as: new, .recovery(former[0]), counted: [], requestID: nil))
            // Exactly one of those who were told new codes was told the ones that count.
            var good = 0
            for codes in results {
                let proof = try await world.begin()
                let new = SuperAdminSessionToken.random().proof
                let isGood = try await world.adminSessions.complete(
                    proof, as: new, .recovery(codes[1]), counted: [], requestID: nil)
                good += isGood ? 1 : 0
            }
            #expect(good == 1)
        }
    }

    @Test func oneIsOnesOwnAndOnlyWhenConfirmed() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let app = try await world.app("App")
            let token = try await world.admins.issueToken(to: admin.id, scopes: nil, expiresIn: nil, by: .command)
            let holder = try world.caller(token)
            for caller in [app.caller, holder, Caller.command] {
                await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.beginTOTP(by: caller) }
                await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.disableTOTP(by: caller) }
                await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.renewRecoveryCodes(by: caller) }
            }
            try await world.age(admin.token.proof, "confirmed_at", by: "11 minutes")
            #expect(try await world.adminSessions.session(admin.token.proof)?.isConfirmed == false)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.beginTOTP(by: admin.caller) }
            let hash = try #require(try await world.adminSessions.password(ofEmail: "root@example.org")).hash
            #expect(
                try await !world.adminSessions.confirm(
                    admin.token.proof, .password(hash: hash + "x"), counted: [], requestID: nil))
            #expect(
                try await world.adminSessions.confirm(admin.token.proof, .password(hash: hash), counted: [], requestID: nil))
            #expect(try await world.adminSessions.session(admin.token.proof)?.isConfirmed == true)
            _ = try await world.admins.beginTOTP(by: admin.caller)
            #expect(try await world.events("super_admin.confirm") == 1)
        }
    }
}
