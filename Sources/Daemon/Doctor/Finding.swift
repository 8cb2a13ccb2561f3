// SPDX-License-Identifier: Apache-2.0

/// What one check of ``Doctor`` found. Never holds a secret.
package struct Finding: Sendable, Hashable {
    /// How it stands.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case ok, warning, failure
    }

    /// What was checked: a stable name.
    package let check: String
    package let state: State
    /// What was found, in one line.
    package let message: String
    /// How to mend it, in one line; nil where there is nothing to mend.
    package let remedy: String?

    static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, state: .ok, message: message, remedy: nil)
    }

    static func warning(_ check: String, _ message: String, _ remedy: String) -> Finding {
        Finding(check: check, state: .warning, message: message, remedy: remedy)
    }

    static func failure(_ check: String, _ message: String, _ remedy: String) -> Finding {
        Finding(check: check, state: .failure, message: message, remedy: remedy)
    }
}
