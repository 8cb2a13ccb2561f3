// SPDX-License-Identifier: Apache-2.0

/// Why a backup could not be taken, read or put back; the database is then as it was.
package struct BackupError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; the raw values are stable and may be matched by scripts.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case exists
        case unreadable
        case unwritable
        case damaged
        case newer
        case otherMasterKey = "other_master_key"
        case notEmpty = "not_empty"
        case inUse = "in_use"
        case notMuster = "not_muster"
        case changedMeanwhile = "changed_meanwhile"
        case toolsMissing = "tools_missing"
        case toolFailed = "tool_failed"
    }

    package let kind: Kind
    /// What happened and what to do next.
    package let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The stable code of this error.
    package var code: String { "backup.\(kind.rawValue)" }

    package var description: String { message }
}
