// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Secrets
import Testing

let goodPassword = "Correct1!horse"

extension TestDirectory {
    var admins: SuperAdminStore { directory.superAdmins }
    var adminSessions: SuperAdminSessionStore { directory.superAdminSessions }

    /// A session of the super admin begun with the password: signed in, or waiting for a code.
    func begin(_ email: String = "root@example.org", replaced: SuperAdminProof? = nil) async throws -> SuperAdminProof {
        let stored = try #require(try await adminSessions.password(ofEmail: email))
        let proof = SuperAdminSessionToken.random().proof
        let session = NewSuperAdminSession(
            proof: proof, userAgent: "Test", address: "203.0.113.7", requestID: "r1", replaced: replaced)
        let isSignedIn = try await adminSessions.begin(stored, counted: [], session)
        #expect(isSignedIn != nil)
        return proof
    }

    /// Takes an authenticator into use; gives its claims, the recovery codes and the step that was spent.
    func enrol(_ admin: TestSuperAdmin) async throws -> (totp: TOTPClaims, codes: [RecoveryCode], spent: Int64) {
        let enrolment = try await admins.beginTOTP(by: admin.caller)
        let spent = TOTP.step(at: Self.now)
        let code = TOTP.code(enrolment.secret, step: spent)
        let codes = try await admins.confirmTOTP(code: code, by: admin.caller)
        let pending = try await begin(enrolment.email)
        let challenge = try #require(try await adminSessions.pending(pending))
        return (try #require(challenge.totp), codes, spent)
    }

    /// Moves what a session knows of time into the past.
    func age(_ proof: SuperAdminProof, _ column: String, by interval: String) async throws {
        try await postgres.execute(
            "update super_admin_sessions set \(unescaped: column) = \(unescaped: column) - interval '\(unescaped: interval)' where digest = \(proof.digest)"
        )
    }

    /// The caller that a super admin's token speaks for.
    func caller(_ token: IssuedToken) throws -> Caller {
        try #require(directory.superAdminCaller(token: token.accessToken, requestID: nil))
    }

    func events(_ action: String) async throws -> Int {
        try await count("select count(*) from audit_events where actor = 'super_admin' and action = \(action)")
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}
