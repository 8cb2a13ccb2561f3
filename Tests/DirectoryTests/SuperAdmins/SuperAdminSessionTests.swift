// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Secrets
import Testing

/// Sessions of the console: what begins them, what completes them and what ends them.
@Suite struct SuperAdminSessionTests {
    @Test func aPasswordIsEnoughWithoutAnAuthenticator() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let proof = try await world.begin(" ROOT@example.org ")
            let session = try #require(try await world.adminSessions.session(proof))
            #expect(session.superAdminID == admin.id && session.email == "root@example.org")
            #expect(session.isConfirmed && !session.hasTOTP)
            #expect(try await world.adminSessions.pending(proof) == nil)
            #expect(try await world.events("super_admin.sign_in") == 1)
            let lifetime = session.expiresAt.microseconds / 1_000_000 - TestDirectory.now
            #expect((43_100...43_200).contains(lifetime))
            try await world.adminSessions.signOut(proof, requestID: nil)
            #expect(try await world.adminSessions.session(proof) == nil)
            #expect(try await world.events("super_admin.sign_out") == 1)
        }
    }

    @Test func noSecretIsStored() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let enrolment = try await world.admins.beginTOTP(by: admin.caller)
            let code = TOTP.code(enrolment.secret, step: TOTP.step(at: TestDirectory.now))
            let codes = try await world.admins.confirmTOTP(code: code, by: admin.caller)
            let everything = try await world.postgres.query(
                """
                select concat((select string_agg(a::text, ' ') from super_admins a), ' ',
                    (select string_agg(s::text, ' ') from super_admin_sessions s), ' ',
                    (select string_agg(c::text, ' ') from super_admin_recovery_codes c), ' ',
                    (select string_agg(e::text, ' ') from audit_events e)) as t
                """
            ).first?.decode(String.self, "t")
            let text = try #require(everything).uppercased()
            let secrets =
                [enrolment.reveal(), admin.token.cookie] + codes.flatMap { [$0.reveal(), $0.reveal().filter { $0 != "-" }] }
            for secret in secrets {
                #expect(!text.contains(secret.uppercased()))
                #expect(!text.contains(secret.utf8.map { String(format: "%02X", $0) }.joined()))
            }
        }
    }

    @Test func whatEndsASession() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            _ = try await world.admins.create(email: "other@example.org", name: "Other", password: goodPassword, by: .command)
            func expectOver(_ what: String, _ change: (SuperAdminProof) async throws -> Void) async throws {
                let proof = try await world.begin()
                #expect(try await world.adminSessions.session(proof) != nil, "\(what)")
                try await change(proof)
                #expect(try await world.adminSessions.session(proof) == nil, "\(what)")
                await #expect(throws: DirectoryError.invalidAccessToken, "\(what)") {
                    try await world.admins.list(by: Caller(session: proof))
                }
            }
            try await expectOver("idle") { try await world.age($0, "seen_at", by: "31 minutes") }
            try await expectOver("too old") { try await world.age($0, "expires_at", by: "12 hours") }
            try await expectOver("other password") { _ in
                try await world.admins.resetPassword(of: admin.id, to: goodPassword, by: .command)
            }
            try await expectOver("disabled") { _ in try await world.admins.disable(admin.id, by: .command) }
            try await world.admins.enable(admin.id, by: .command)
            try await expectOver("replaced") { _ = try await world.begin(replaced: $0) }
            try await expectOver("ended") { proof in
                let listed = try await world.adminSessions.list(of: admin.id, by: Caller(session: proof))
                let own = try #require(listed.first { $0.isCurrent })
                #expect(own.userAgent == "Test" && own.address == "203.0.113.7")
                try await world.adminSessions.end(own.id, of: admin.id, by: .command)
            }
            try await expectOver("others ended") { proof in
                let other = try await world.begin()
                #expect(try await world.adminSessions.endOthers(of: admin.id, by: Caller(session: other)) >= 1)
                #expect(try await world.adminSessions.session(other) != nil)
            }
        }
    }

    @Test func useIsNotedOnceAMinute() async throws {
        try await withDirectory { world in
            _ = try await world.superAdmin()
            let proof = try await world.begin()
            func seen() async throws -> Int {
                try await world.count(
                    "select extract(epoch from now() - seen_at)::bigint from super_admin_sessions where digest = \(proof.digest)")
            }
            try await world.age(proof, "seen_at", by: "50 seconds")
            _ = try await world.adminSessions.session(proof)
            #expect(try await seen() >= 50)
            try await world.age(proof, "seen_at", by: "20 minutes")
            _ = try await world.adminSessions.session(proof)
            #expect(try await seen() < 50)
        }
    }

    @Test func aSessionThatWaitsForItsCodeIsGoodForNothingElse() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            _ = try await world.enrol(admin)
            let proof = try await world.begin()
            #expect(try await world.adminSessions.session(proof) == nil)
            #expect(try await world.adminSessions.signedIn(proof) == nil)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await world.admins.list(by: Caller(session: proof)) }
            #expect(try await world.adminSessions.list(of: nil, by: .command).count == 1)
            try await world.age(proof, "expires_at", by: "10 minutes")
            #expect(try await world.adminSessions.pending(proof) == nil)
        }
    }

    /// Whoever planted the token before the code was given holds nothing afterwards.
    @Test func theTokenIsAnotherOneAfterTheCode() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let (totp, codes, spent) = try await world.enrol(admin)
            let planted = try await world.begin()
            let new = SuperAdminSessionToken.random().proof
            let evidence = SuperAdminEvidence.code(step: spent + 1, of: totp)
            #expect(try await world.adminSessions.complete(planted, as: new, evidence, counted: [], requestID: nil))
            #expect(try await world.adminSessions.session(planted) == nil)
            #expect(try await world.adminSessions.session(new)?.superAdminID == admin.id)
            let again = SuperAdminSessionToken.random().proof
            for used in [planted, new] {
                #expect(
                    try await !world.adminSessions.complete(used, as: again, .recovery(codes[0]), counted: [], requestID: nil))
            }
            #expect(try await world.admins.show(admin.id, by: .command).recoveryCodesLeft == 10)
        }
    }

    @Test func aStepIsTakenOnceAndNoEarlierOneAfterIt() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let (totp, _, spent) = try await world.enrol(admin)
            let now = spent + 1
            func completes(_ step: Int64) async throws -> Bool {
                let proof = try await world.begin()
                return try await world.adminSessions.complete(
                    proof, as: SuperAdminSessionToken.random().proof, .code(step: step, of: totp), counted: [], requestID: nil)
            }
            // The step that proved the authenticator is spent.
            #expect(try await !completes(now - 1))
            #expect(try await completes(now))
            #expect(try await !completes(now))
            #expect(try await !completes(now - 1))
            #expect(try await completes(now + 1))
            // Nor does a confirmation take it.
            #expect(
                try await !world.adminSessions.confirm(
                    admin.token.proof, .code(step: now + 1, of: totp), counted: [], requestID: nil))
            #expect(
                try await world.adminSessions.confirm(
                    admin.token.proof, .code(step: now + 2, of: totp), counted: [], requestID: nil))
        }
    }

    /// Half of them in one session, half each in its own.
    @Test(arguments: ["code", "recovery"]) func ofTwoHundredUsesAtOnceOneWins(_ kind: String) async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let admin = try await world.superAdmin()
            let (totp, codes, spent) = try await world.enrol(admin)
            let evidence: SuperAdminEvidence =
                kind == "code" ? .code(step: spent + 1, of: totp) : .recovery(codes[3])
            let shared = try await world.begin()
            // Waiting sessions beyond the most would end one another.
            var proofs = [SuperAdminProof](repeating: shared, count: 180)
            for _ in 0..<20 { proofs.append(try await world.begin()) }
            let winners = try await withThrowingTaskGroup(of: SuperAdminProof?.self) { tasks in
                for proof in proofs {
                    tasks.addTask {
                        let new = SuperAdminSessionToken.random().proof
                        let won = try await world.adminSessions.complete(proof, as: new, evidence, counted: [], requestID: nil)
                        return won ? new : nil
                    }
                }
                return try await tasks.reduce(into: [SuperAdminProof?]()) { $0.append($1) }.compactMap(\.self)
            }
            #expect(winners.count == 1)
            #expect(try await world.events("super_admin.sign_in") == 1)
            let winner = try #require(winners.first)
            #expect(try await world.adminSessions.session(winner) != nil)
            #expect(try await world.admins.show(admin.id, by: .command).recoveryCodesLeft == (kind == "code" ? 10 : 9))
        }
    }

    @Test func sessionsAreBoundedAndWaitingOnesDriveOutNobody() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            for _ in 0..<30 { _ = try await world.begin() }
            #expect(try await world.count("select count(*) from super_admin_sessions") == 25)
            #expect(try await world.adminSessions.session(admin.token.proof) == nil)
            let proof = try await world.begin()
            let owner = Caller(session: proof)
            let enrolment = try await world.admins.beginTOTP(by: owner)
            let code = TOTP.code(enrolment.secret, step: TOTP.step(at: TestDirectory.now))
            _ = try await world.admins.confirmTOTP(code: code, by: owner)
            for _ in 0..<30 { _ = try await world.begin() }
            #expect(try await world.adminSessions.session(proof) != nil)
            #expect(try await world.count("select count(*) from super_admin_sessions where signed_in_at is null") == 25)
        }
    }

    @Test func expiredSessionsArePurged() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let proof = try await world.begin()
            try await world.age(proof, "expires_at", by: "13 hours")
            _ = try await world.directory.tombstones.purge(olderThan: .seconds(3_600))
            #expect(try await world.count("select count(*) from super_admin_sessions") == 1)
            #expect(try await world.adminSessions.session(admin.token.proof) != nil)
        }
    }
}
