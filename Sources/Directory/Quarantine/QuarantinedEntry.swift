// SPDX-License-Identifier: Apache-2.0

/// An entry whose change was refused when it was applied: plans leave it out until it is tried again.
package struct QuarantinedEntry: Sendable {
    package let id: Int64
    package let source: String
    package let policy: String
    /// The entry's immutable id.
    package let externalID: String
    /// The e-mail or name of whom it is, as the plan had it.
    package let entry: String?
    /// `create`, `update`, `adopt`, `suspend`, `restore` or `delete`.
    package let action: String
    /// Why it was refused: `no_seat`, `non_permissible`, `quarantined` (the database cannot hold it) ...
    package let code: String
    package let detail: String?
    /// How often it was refused with this content.
    package let attempts: Int
    package let since: Timestamp
    package let lastTryAt: Timestamp
    /// The first run from then on tries it again, and a daemon that watches the export runs the policy then.
    package let nextTryAt: Timestamp
    /// The run whose change was refused last.
    package let runID: Int64
}

/// Which entries in quarantine are asked for; what is nil narrows nothing.
package struct QuarantineFilter: Sendable, Equatable {
    package var source: String?
    package var policy: String?

    package init(source: String? = nil, policy: String? = nil) {
        self.source = source
        self.policy = policy
    }

    /// Whether anything asked for cannot be stored, and so cannot be found.
    var isUnstorable: Bool { [source, policy].contains { $0?.utf8.contains(0) == true } }
}

/// A policy whose runs came to nothing again and again.
package struct PolicyTrouble: Sendable {
    package let id: Int64
    package let source: String
    package let policy: String
    package let platformAppID: Int64
    package let platformAppName: String
    /// The code of the runs' end: `unusable`, `unreadable`, `empty`, `manifest` ...
    package let code: String
    package let reason: String?
    /// How many runs ended so, one after the other.
    package let failures: Int
    package let since: Timestamp
    /// The last of them.
    package let runID: Int64?
    /// Whether it is not run any more until its file or its rules change, or a person asks for it.
    package let isPutAside: Bool
}
