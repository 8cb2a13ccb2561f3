// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// Super admins: they operate the installation through the console, and are kept apart from users.
package struct SuperAdminStore: Sendable {
    let directory: Directory

    /// Creates a super admin with a password; the address must be free among super admins.
    ///
    /// - Returns: the new super admin's id.
    package func create(email: String, name: String, password: String) async throws -> Int64 {
        let email = UserRules.normalisedEmail(email)
        var problems = UserRules.emailProblems(email) + UserRules.nameProblems(name)
        problems += PasswordPolicy().violations(of: password).map { FieldProblem("password", $0) }
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let hash = try await directory.passwords.hash(password)
        let row = try await directory.row(
            """
            with admin as (
                insert into super_admins (email, name, password_hash) values (\(email), \(name), \(hash)) returning id, email
            ),
            audited as (
                insert into audit_events (actor, action, subject_kind, subject_id, after)
                select 'command', 'super_admin.create', 'super_admin', admin.id, jsonb_build_object('email', admin.email) from admin
            )
            select id from admin
            """)
        guard let row else { throw DirectoryError.notFound }
        return try row.decode(Int64.self, "id")
    }

    /// Whether there is any super admin yet.
    package func isEmpty() async throws -> Bool {
        try await directory.rows("select from super_admins limit 1").isEmpty
    }
}
