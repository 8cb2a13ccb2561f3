// SPDX-License-Identifier: Apache-2.0

/// What takes the entries of an export, one after the other.
package protocol EntrySink {
    /// Takes the name of the file from which the following entries are, where an export has several.
    mutating func begin(file: String) throws

    /// Takes an entry; the reader uses its storage again for the next one.
    mutating func entry(_ entry: borrowing Entry) throws

    /// Takes the news that an entry is bad in itself; the reader goes on with the next one.
    mutating func rejected(_ rejection: Rejection) throws

    /// Whether changes are welcome; where they are not, an export that contains some is refused (``IntakeError/Code/changeRecords``).
    var takesChanges: Bool { get }

    /// Takes a change; the reader uses its storage again for the next one. Called only where ``takesChanges`` is true.
    mutating func change(_ change: borrowing EntryChange) throws
}

extension EntrySink {
    package mutating func begin(file: String) throws {}

    /// A full read: what is there, and nothing about what happened.
    package var takesChanges: Bool { false }

    package mutating func change(_ change: borrowing EntryChange) throws {}
}

/// An entry that could not be used, and why: it is quarantined, the others go on.
///
/// Nobody knows whom it was about: a change that rests on absence needs `dn`, or has to wait.
package struct Rejection: Sendable, Hashable {
    /// Why an entry is refused.
    package enum Reason: String, Sendable, CaseIterable {
        /// Not the shape of an entry: a list in a list, an unknown object, a line without colon.
        case wrongShape = "wrong_shape"
        /// No `dn`, or an empty one.
        case noDN = "no_dn"
        /// `attributes` is missing.
        case noAttributes = "no_attributes"
        /// Two statements about one attribute in one JSON object.
        case duplicateKey = "duplicate_key"
        /// Broken base64, or another encoding than base64.
        case badBase64 = "bad_base64"
        /// Text that is not UTF-8, or half a surrogate pair.
        case badText = "bad_text"
        /// `name:< URL`: a daemon does not fetch what an export names.
        case urlValue = "url_value"
        /// More than `EntryLimits` allow.
        case tooLarge = "too_large"
    }

    package var position: Position
    package var reason: Reason
    /// The distinguished name, where it was read before the fault.
    package var dn: String?
    /// What was wrong, in words; never contains values of attributes.
    package var message: String

    package init(position: Position, reason: Reason, dn: String?, message: String) {
        self.position = position
        self.reason = reason
        self.dn = dn
        self.message = message
    }

    /// The stable name of the reason.
    package var code: String { reason.rawValue }
}

/// What one entry may cost.
package struct EntryLimits: Sendable, Hashable {
    /// Bytes of one entry, names and values together; beyond, the entry is rejected.
    package var entryBytes = 256 << 20
    /// Bytes of one value or line as written; beyond, the whole read fails.
    package var tokenBytes = 64 << 20
    /// Different attributes of one entry; beyond, the entry is rejected.
    package var attributes = 4096

    package init() {}
}
