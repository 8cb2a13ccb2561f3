// SPDX-License-Identifier: Apache-2.0

/// Why a password was neither hashed nor verified; never carries the password or the hash.
package enum PasswordError: Error, Equatable, CustomStringConvertible {
    /// The password has more than 72 bytes, of which bcrypt would ignore the rest.
    case tooLong
    /// The password contains U+0000, at which bcrypt would stop.
    case containsNUL
    /// The stored hash is of no known kind, or its cost is beyond reason.
    case unsupportedHash
    /// Too many passwords are waiting to be hashed.
    case overloaded
    /// The hasher was stopped.
    case stopped

    /// The stable name of the error.
    package var code: String {
        switch self {
        case .tooLong: "password.too_long"
        case .containsNUL: "password.contains_nul"
        case .unsupportedHash: "password.unsupported_hash"
        case .overloaded: "password.overloaded"
        case .stopped: "password.stopped"
        }
    }

    /// What went wrong.
    package var description: String {
        switch self {
        case .tooLong: "the password is longer than 72 bytes"
        case .containsNUL: "the password contains U+0000"
        case .unsupportedHash: "the stored password hash is not supported"
        case .overloaded: "too many passwords are waiting to be hashed"
        case .stopped: "passwords are no longer hashed: the daemon stops"
        }
    }
}
