// SPDX-License-Identifier: Apache-2.0

import Foundation
import Postgres
import Secrets
import Testing

@testable import Directory

/// Every statement on super admins resolves the operator, or needs what the super admin alone has.
extension StatementTests {
    private static let session = SuperAdminProof(digest: [])
    private static let totp = TOTPClaims(superAdminID: 1, nonce: UUID(), keyID: 1)

    /// What operators run.
    static let superAdmins: [String: PostgresQuery] = statements(by: Caller(session: session))

    private static func statements(by caller: Caller) -> [String: PostgresQuery] {
        [
            "SuperAdminStatements.create": SuperAdminStatements.create(email: "", name: "", passwordHash: "", caller: caller),
            "SuperAdminStatements.list": SuperAdminStatements.list(1, caller: caller),
            "SuperAdminStatements.rename": SuperAdminStatements.rename(1, name: "", caller: caller),
            "SuperAdminStatements.disable": SuperAdminStatements.disable(1, caller: caller),
            "SuperAdminStatements.enable": SuperAdminStatements.enable(1, caller: caller),
            "SuperAdminStatements.setPassword": SuperAdminStatements.setPassword(1, hash: "", caller: caller),
            "SuperAdminStatements.changePassword": SuperAdminStatements.changePassword(
                from: "", to: "", session, caller: caller),
            "SuperAdminTOTPStatements.begin": SuperAdminTOTPStatements.begin(keyID: 1, caller: caller),
            "SuperAdminTOTPStatements.begun": SuperAdminTOTPStatements.begun(caller: caller),
            "SuperAdminTOTPStatements.confirm": SuperAdminTOTPStatements.confirm(
                step: 1, of: totp, codes: [], session, caller: caller),
            "SuperAdminTOTPStatements.disable": SuperAdminTOTPStatements.disable(caller: caller),
            "SuperAdminTOTPStatements.reset": SuperAdminTOTPStatements.reset(1, caller: caller),
            "SuperAdminTOTPStatements.renewCodes": SuperAdminTOTPStatements.renewCodes([], caller: caller),
            "SuperAdminTokenStatements.issue": SuperAdminTokenStatements.issue(
                to: 1, scopes: nil, expiresIn: nil, keyID: 1, caller: caller),
            "SuperAdminTokenStatements.list": SuperAdminTokenStatements.list(of: 1, caller: caller),
            "SuperAdminTokenStatements.revoke": SuperAdminTokenStatements.revoke(1, of: 1, caller: caller),
            "SuperAdminSessionStatements.list": SuperAdminSessionStatements.list(of: 1, caller: caller),
            "SuperAdminSessionStatements.end": SuperAdminSessionStatements.end(1, of: 1, caller: caller),
        ]
    }

    /// What needs a password or the token of a session, and no caller.
    static let superAdminsSigningIn: Set<String> = [
        "SuperAdminSessionStatements.passwordHash", "SuperAdminSessionStatements.begin", "SuperAdminSessionStatements.pending",
        "SuperAdminSessionStatements.signedIn", "SuperAdminSessionStatements.complete", "SuperAdminSessionStatements.confirm",
        "SuperAdminSessionStatements.refuse", "SuperAdminSessionStatements.session", "SuperAdminSessionStatements.signOut",
    ]

    @Test(arguments: superAdmins.keys.sorted()) func superAdminsAreForOperators(_ name: String) throws {
        let sql = try #require(Self.superAdmins[name]).sql
        #expect(sql.hasPrefix("with caller as (select 0::bigint as app_id"))
        #expect(sql.contains("s.digest = $") && sql.contains("s.signed_in_at is not null"))
        #expect(sql.contains("from caller") || sql.contains(", caller"))
        let writes = sql.contains("update super_admins") || sql.contains("insert into") || sql.contains("delete from")
        #expect(!writes || sql.contains("audited as (insert into audit_events"))
        let app = try #require(Self.statements(by: Self.caller)[name]).sql
        #expect(app.hasPrefix("with caller as (select 0::bigint as app_id") && app.contains("where false"))
    }
}
