// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What the changes of a range ask for, refused or not: a statement that would find nothing to do is not sent.
struct ChangeWork: Sendable, Equatable {
    let hasAccounts: Bool
    let createsAccounts: Bool
    /// Users that are there already, so that they must be locked.
    let hasKnownUsers: Bool
    let createsUsers: Bool
    /// Memberships of users that the range creates.
    let hasFirstMemberships: Bool
    /// Memberships given to or taken from others.
    let hasLaterMemberships: Bool
    /// Links go over to another entry.
    let movesLinks: Bool
    let deletes: Bool
    /// Memberships may name custom roles.
    let hasCustomRoles: Bool
    let suspends: Bool
    let restores: Bool

    var hasMemberships: Bool { hasFirstMemberships || hasLaterMemberships }
}

extension ChangeWork {
    /// Reads a row of ``ChangeStatements/work(_:)``.
    init(_ row: PostgresRow) throws {
        hasAccounts = try row.decode(Bool.self, "has_accounts")
        createsAccounts = try row.decode(Bool.self, "creates_accounts")
        hasKnownUsers = try row.decode(Bool.self, "has_known_users")
        createsUsers = try row.decode(Bool.self, "creates_users")
        hasFirstMemberships = try row.decode(Bool.self, "has_first_memberships")
        hasLaterMemberships = try row.decode(Bool.self, "has_later_memberships")
        movesLinks = try row.decode(Bool.self, "moves_links")
        deletes = try row.decode(Bool.self, "deletes")
        hasCustomRoles = try row.decode(Bool.self, "has_custom_roles")
        suspends = try row.decode(Bool.self, "suspends")
        restores = try row.decode(Bool.self, "restores")
    }
}
