// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// Why the directory refused a call. Every surface renders these and nothing else.
package enum DirectoryError: Error, Sendable, Equatable {
    /// The token is unknown, revoked, expired, of a disabled app or of the wrong kind.
    case invalidAccessToken
    /// The object was never permitted to the caller, or not with the right that the call needs.
    case nonPermissible
    /// The token is alive, and its scopes do not reach as far as the call.
    case insufficientScope
    /// The object was the caller's and is deleted.
    case notFound
    /// The call's content is at fault; nothing was changed.
    case invalid([FieldProblem])
    /// The object has another version than the caller knows; nothing was changed.
    case stale
    /// The same call, by its Idempotency-Key, is being carried out; the caller may ask again for its answer.
    case inProgress
    /// The database, or the hashing of passwords, cannot take the call now; it may be tried again.
    case unavailable

    /// An account's limit of agents is reached.
    static let noSeat = DirectoryError.invalid([
        FieldProblem("account", "Account has no seat left: its limit of agents is reached")
    ])

    /// A stable name for logs and for clients that compare.
    package var code: String {
        switch self {
        case .invalidAccessToken: "invalid_access_token"
        case .nonPermissible: "non_permissible"
        case .insufficientScope: "insufficient_scope"
        case .notFound: "not_found"
        case .invalid: "invalid"
        case .stale: "stale"
        case .inProgress: "in_progress"
        case .unavailable: "unavailable"
        }
    }
}

/// What is wrong with one field of a call.
package struct FieldProblem: Error, Sendable, Equatable {
    /// The field as the caller spelt it, for example `email`.
    package let attribute: String
    /// A whole sentence for a person, for example `Email has already been taken`.
    package let message: String

    package init(_ attribute: String, _ message: String) {
        self.attribute = attribute
        self.message = message
    }
}

extension DirectoryError {
    /// The domain's word for a violated constraint, by its name; nil for what no caller can have caused.
    ///
    /// This is the one place where constraint names and domain errors meet.
    package init?(_ error: PostgresError) {
        if error.isAway || error.kind == .timeout || error.kind == .poolClosed {
            self = .unavailable
            return
        }
        // What the function `require_scopes` raises.
        if error.sqlState == "MS403" {
            self = .insufficientScope
            return
        }
        switch error.constraint {
        case "users_email_taken":
            self = .invalid([FieldProblem("email", "Email has already been taken")])
        case "users_name_length", "accounts_name_length", "platform_apps_name_length", "custom_roles_name_length":
            self = .invalid([FieldProblem("name", "Name is too long (maximum is 255 characters)")])
        case "users_display_name_length":
            self = .invalid([FieldProblem("display_name", "Display name is too long (maximum is 255 characters)")])
        case "users_email_length":
            self = .invalid([FieldProblem("email", "Email is too long (maximum is 255 characters)")])
        case "accounts_domain_length":
            self = .invalid([FieldProblem("domain", "Domain is too long (maximum is 100 characters)")])
        case "accounts_support_email_length":
            self = .invalid([FieldProblem("support_email", "Support email is too long (maximum is 100 characters)")])
        case "account_users_seats":
            self = .noSeat
        case "account_users_custom_role":
            self = .invalid([FieldProblem("custom_role", "Custom role must exist")])
        case "custom_roles_name_key":
            self = .invalid([FieldProblem("name", "Name has already been taken")])
        case "account_users_role_known":
            self = .invalid([FieldProblem("role", "Role is not included in the list")])
        case "platform_apps_name_key":
            self = .invalid([FieldProblem("name", "Name has already been taken")])
        case "super_admins_email_key":
            self = .invalid([FieldProblem("email", "Email has already been taken")])
        default:
            guard error.constraint == nil, Self.unstorable.contains(error.sqlState ?? "") else { return nil }
            self = .invalid([FieldProblem("base", "The request contains a value that cannot be stored")])
        }
    }

    /// Characters and numbers that JSON has and `jsonb` has not, and nesting too deep for the server's stack.
    private static let unstorable: Set<String> = ["22021", "22P05", "22003", "54001"]
}
