// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Secrets
import SignIn
import Testing

/// Signing in to the console: throttled, alike for everybody who fails, and never twice by one code.
@Suite struct SuperAdminSignInTests {
    private static let password = "Correct1!horse"

    @Test func anUnknownAddressCostsAsMuchAsAKnownOne() async throws {
        try await withDirectory { world in
            let service = try await Self.service(world)
            _ = try await world.directory.superAdmins.create(
                email: "off@example.org", name: "Off", password: Self.password, by: .command)
            try await world.directory.superAdmins.disable(2, by: .command)
            for (number, (email, password)) in [
                ("root@example.org", "Wrong1!horse"), ("nobody@example.org", "Wrong1!horse"),
                ("off@example.org", Self.password), ("no address", "Wrong1!horse"),
                ("root@example.org", String(repeating: "a", count: 100)),
                ("nobody@example.org", String(repeating: "a", count: 100)),
            ].enumerated() {
                let before = (world.passwords.work, try await world.count("select coalesce(sum(count), 0) from sign_in_failures"))
                await #expect(throws: SuperAdminSignInError.refused, "\(email)") {
                    try await service.signIn(Self.attempt(email, password, from: "203.0.113.\(number)"))
                }
                let hashes = world.passwords.work - before.0
                // What bcrypt cannot take is compared for nobody.
                #expect(hashes == (password.utf8.count > 72 ? 0 : 1), "\(email)")
                let counted = try await world.count("select coalesce(sum(count), 0) from sign_in_failures") - before.1
                #expect(counted == 3, "\(email)")
            }
            for (email, password) in [("root@example.org\u{0}", Self.password), ("root@example.org", "")] {
                await #expect(throws: SuperAdminSignInError.refused) {
                    try await service.signIn(Self.attempt(email, password))
                }
            }
            #expect(try await world.count("select count(*) from super_admin_sessions") == 0)
        }
    }

    @Test func guessingIsThrottledByPlaceAndByAddress() async throws {
        try await withDirectory { world in
            let service = try await Self.service(world)
            for _ in 0..<10 { _ = try await service.signIn(Self.attempt("root@example.org", Self.password)) }
            #expect(try await world.count("select coalesce(sum(count), 0) from sign_in_failures") == 0)
            for email in ["root@example.org", "nobody@example.org"] {
                for _ in 0..<5 {
                    await #expect(throws: SuperAdminSignInError.refused) {
                        try await service.signIn(Self.attempt(email, "Wrong1!horse"))
                    }
                }
                let refusal = await #expect(throws: SuperAdminSignInError.self) {
                    try await service.signIn(Self.attempt(email, Self.password))
                }
                guard case .throttled(let seconds) = refusal else {
                    Issue.record("\(email): \(String(describing: refusal))")
                    continue
                }
                #expect((1...300).contains(seconds))
            }
            // From elsewhere it goes on, until too many have failed everywhere.
            _ = try await service.signIn(Self.attempt("root@example.org", Self.password, from: "203.0.113.8"))
            for number in 0..<15 {
                await #expect(throws: SuperAdminSignInError.refused) {
                    try await service.signIn(Self.attempt("root@example.org", "Wrong1!horse", from: "198.51.100.\(number)"))
                }
            }
            let refusal = await #expect(throws: SuperAdminSignInError.self) {
                try await service.signIn(Self.attempt("root@example.org", Self.password, from: "203.0.113.9"))
            }
            #expect(refusal.map { if case .throttled = $0 { true } else { false } } == true)
        }
    }

    @Test func theFifthWrongCodeEndsTheSession() async throws {
        try await withDirectory { world in
            let service = try await Self.service(world)
            let totp = try await Self.enrol(world, service)
            let begun = try await service.signIn(Self.attempt("root@example.org", Self.password))
            #expect(begun.needsCode)
            for _ in 0..<4 {
                await #expect(throws: SuperAdminSignInError.refused) {
                    try await service.complete(begun.token.proof, code: "abcdef")
                }
            }
            await #expect(throws: SuperAdminSignInError.ended) {
                try await service.complete(begun.token.proof, code: "abcdef")
            }
            await #expect(throws: SuperAdminSignInError.ended) {
                try await service.complete(begun.token.proof, code: totp(1))
            }
            #expect(try await world.count("select count(*) from audit_events where action = 'super_admin.refused'") == 5)
            let again = try await service.signIn(Self.attempt("root@example.org", Self.password))
            let signedIn = try await service.complete(again.token.proof, code: totp(1))
            #expect(signedIn.token.cookie != again.token.cookie)
            #expect(try await world.directory.superAdminSessions.session(again.token.proof) == nil)
            #expect(try await world.directory.superAdminSessions.session(signedIn.token.proof) != nil)
        }
    }

    /// Twenty codes a day, however many sessions the password begins; a recovery code gets in all the same.
    @Test func codesCannotBeGuessedThroughManySessions() async throws {
        try await withDirectory { world in
            let service = try await Self.service(world)
            let recovery = RecoveryCodes()
            let totp = try await Self.enrol(world, service, recovery)
            for _ in 0..<4 {
                let begun = try await service.signIn(Self.attempt("root@example.org", Self.password))
                for _ in 0..<5 {
                    await #expect(throws: SuperAdminSignInError.self) {
                        try await service.complete(begun.token.proof, code: "abcdef")
                    }
                }
            }
            let begun = try await service.signIn(Self.attempt("root@example.org", Self.password))
            let refusal = await #expect(throws: SuperAdminSignInError.self) {
                try await service.complete(begun.token.proof, code: totp(1))
            }
            #expect(refusal.map { if case .throttled = $0 { true } else { false } } == true)
            let code = try #require(recovery.codes.first).reveal().lowercased()
            let signedIn = try await service.complete(begun.token.proof, code: code)
            // Who is in may confirm, whatever others use up.
            try await service.confirm(signedIn.token.proof, with: totp(1))
            await #expect(throws: SuperAdminSignInError.refused) { try await service.confirm(signedIn.token.proof, with: code) }
            await #expect(throws: SuperAdminSignInError.refused) {
                try await service.confirm(signedIn.token.proof, with: totp(1))
            }
        }
    }

    @Test func confirmingAsksForThePasswordWhereThereIsNoAuthenticator() async throws {
        try await withDirectory { world in
            let service = try await Self.service(world)
            let proof = try await service.signIn(Self.attempt("root@example.org", Self.password)).token.proof
            try await world.postgres.execute("update super_admin_sessions set confirmed_at = null")
            for _ in 0..<4 {
                await #expect(throws: SuperAdminSignInError.refused) { try await service.confirm(proof, with: "Wrong1!horse") }
            }
            try await service.confirm(proof, with: Self.password)
            #expect(try await world.directory.superAdminSessions.session(proof)?.isConfirmed == true)
            await #expect(throws: SuperAdminSignInError.refused) { try await service.confirm(proof, with: "Wrong1!horse") }
            let refusal = await #expect(throws: SuperAdminSignInError.self) {
                try await service.confirm(proof, with: Self.password)
            }
            #expect(refusal.map { if case .throttled = $0 { true } else { false } } == true)
            // A wrong answer ends no session that is signed in.
            #expect(try await world.directory.superAdminSessions.session(proof) != nil)
            await #expect(throws: SuperAdminSignInError.ended) {
                try await service.confirm(SuperAdminSessionToken.random().proof, with: Self.password)
            }
        }
    }

    @Test func changingThePasswordTakesTheFormerOne() async throws {
        try await withDirectory { world in
            let service = try await Self.service(world)
            let proof = try await service.signIn(Self.attempt("root@example.org", Self.password)).token.proof
            let other = try await service.signIn(Self.attempt("root@example.org", Self.password)).token.proof
            await #expect(throws: SuperAdminSignInError.refused) {
                try await service.changePassword(proof, from: "Wrong1!horse", to: "Another1!horse")
            }
            await #expect(throws: DirectoryError.self) {
                try await service.changePassword(proof, from: Self.password, to: "weak")
            }
            try await service.changePassword(proof, from: Self.password, to: "Another1!horse")
            #expect(try await world.directory.superAdminSessions.session(proof) != nil)
            #expect(try await world.directory.superAdminSessions.session(other) == nil)
            _ = try await service.signIn(Self.attempt("root@example.org", "Another1!horse"))
            await #expect(throws: SuperAdminSignInError.refused) {
                try await service.signIn(Self.attempt("root@example.org", Self.password))
            }
        }
    }

    @Test func formsAreKnownByTheirSession() throws {
        let (one, two) = (SuperAdminSessionToken.random(), SuperAdminSessionToken.random())
        #expect(one.isFormToken(one.formToken) && !one.isFormToken(two.formToken) && !one.isFormToken(""))
        #expect(SuperAdminProof(cookie: one.cookie) == one.proof && one.proof != two.proof)
        #expect(!"\(one)\(String(reflecting: one))".contains(one.cookie))
        for text in ["", "abc", one.cookie + "A", String(one.cookie.dropLast()) + "=", String(one.cookie.dropLast()) + "ä"] {
            #expect(SuperAdminProof(cookie: text) == nil, "\(text)")
        }
    }

    // MARK: - Support

    private final class RecoveryCodes {
        var codes: [RecoveryCode] = []
    }

    private static func service(_ world: TestDirectory) async throws -> SuperAdminSignIn {
        _ = try await world.directory.superAdmins.create(
            email: "root@example.org", name: "Root", password: password, by: .command)
        return SuperAdminSignIn(directory: world.directory, passwords: world.passwords)
    }

    private static func attempt(_ email: String, _ password: String, from address: String = "203.0.113.7") -> SuperAdminAttempt {
        SuperAdminAttempt(email: email, password: password, address: address)
    }

    /// Takes an authenticator into use; gives what it shows, so many steps after the one that it spent.
    ///
    /// The next step's code is good at once and for half a minute at least, however slow a test is.
    private static func enrol(
        _ world: TestDirectory, _ service: SuperAdminSignIn, _ recovery: RecoveryCodes = RecoveryCodes()
    ) async throws -> (Int64) -> String {
        let proof = try await service.signIn(attempt("root@example.org", password)).token.proof
        let caller = Caller(session: proof)
        let secret = try await world.directory.superAdmins.beginTOTP(by: caller).secret
        let step = TOTP.step(at: Int64(Date().timeIntervalSince1970))
        recovery.codes = try await world.directory.superAdmins.confirmTOTP(code: TOTP.code(secret, step: step), by: caller)
        return { TOTP.code(secret, step: step + $0) }
    }
}
