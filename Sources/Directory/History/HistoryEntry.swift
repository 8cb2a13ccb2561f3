// SPDX-License-Identifier: Apache-2.0

/// One thing that was done to an object: by a call, a console or a command, or by a run.
package struct HistoryEntry: Sendable {
    /// What it was, in either of the two journals.
    package enum Content: Sendable {
        /// An act, of the audit trail.
        case event(AuditEvent, by: NamedActor)
        /// What a run changed.
        case change(RunChange)
    }

    package let at: Timestamp
    package let content: Content
}

/// What a run did to one object.
package struct RunChange: Sendable {
    package let runID: Int64
    package let policy: String?
    package let source: String?
    /// `create`, `update`, `adopt`, `link`, `suspend` or `restore`.
    package let action: String
    package let reason: String
    /// `{field: [before, after, rule]}`; never a secret.
    package let fields: JSONText
    /// `{account id: [role before, role after, rule]}`.
    package let memberships: JSONText
    /// true: the change also suspends; false: it also lifts the source's own suspension.
    package let suspends: Bool?
    /// Why the change was not made; nil when it was.
    package let refusal: String?
}

/// Where a page of a history begins: behind an entry of either journal.
package struct HistoryPosition: Sendable, Equatable {
    var event: Int64
    var run: Int64
    var seq: Int32

    /// The newest entry.
    package static let newest = HistoryPosition(event: .max, run: .max, seq: .max)

    private init(event: Int64, run: Int64, seq: Int32) {
        self.event = event
        self.run = run
        self.seq = seq
    }

    /// Reads what ``text`` wrote; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let event = Int64(parts[0]), let run = Int64(parts[1]), let seq = Int32(parts[2]),
            event >= 0, run >= 0, seq >= 0
        else { return nil }
        self.init(event: event, run: run, seq: seq)
    }

    /// For an address; it tells nothing and grants nothing.
    package var text: String { "\(event)-\(run)-\(seq)" }
}
