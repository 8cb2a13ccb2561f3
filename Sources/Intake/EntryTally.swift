// SPDX-License-Identifier: Apache-2.0

/// Counts what a reader hands out, and hands it out.
struct EntryTally {
    private(set) var entries = 0
    private(set) var rejected = 0
    /// Entries given although the file calls them changes (`changetype: add`, as ldifde writes everything).
    private(set) var additions = 0
    private(set) var changes = 0
    /// Attributes that came in parts and have not all of them yet.
    private(set) var ranges = RangeLedger()

    /// All entries, good and bad.
    var total: Int { entries + rejected + changes }

    /// Gives the sink an entry, or the rejection of it.
    mutating func deliver<S: EntrySink>(
        _ entry: inout Entry, fault: (reason: Rejection.Reason, message: String)?, ranges: RangeParts, into sink: inout S
    ) throws {
        if let fault { return try reject(fault, at: entry.position, dn: entry.dn, into: &sink) }
        entries += 1
        if !ranges.isEmpty {
            self.ranges.note(entry, ranges)
            entry.hasMissingValues = !ranges.isComplete
            entry.isContinuation = ranges.isContinuation
        }
        try sink.entry(entry)
    }

    /// Gives the sink a change, or the rejection of it.
    mutating func deliver<S: EntrySink>(
        _ change: borrowing EntryChange, fault: (reason: Rejection.Reason, message: String)?, into sink: inout S
    ) throws {
        if let fault { return try reject(fault, at: change.position, dn: change.dn, into: &sink) }
        changes += 1
        try sink.change(change)
    }

    private mutating func reject<S: EntrySink>(
        _ fault: (reason: Rejection.Reason, message: String), at position: Position, dn: String?, into sink: inout S
    ) throws {
        rejected += 1
        let named = dn.flatMap { $0.isEmpty ? nil : $0 }
        try sink.rejected(Rejection(position: position, reason: fault.reason, dn: named, message: fault.message))
    }

    /// Counts an entry that stood there as a change.
    mutating func noteAddition() { additions += 1 }

    /// The proof of a read whose form allows at most `level`.
    ///
    /// - Parameter page: of a format with pages; one that is not the last proves nothing by itself.
    func proof(level: Proof.Level, bytes: Int, notes: [Proof.Note] = [], page: Proof.Page? = nil) -> Proof {
        var notes = notes
        if total == 0 { notes.append(.noEntries) }
        if ranges.unfinished > 0 { notes.append(.missingRanges(ranges.unfinished)) }
        if additions > 0 { notes.append(.additions(additions)) }
        let form = additions > 0 ? .none : level
        let isOpen = page?.isLast == false
        if isOpen, !notes.contains(.morePages) { notes.append(.morePages) }
        var proof = Proof(
            level: ranges.unfinished > 0 || isOpen ? .none : form, entries: entries, rejected: rejected, bytes: bytes,
            notes: notes, changes: changes, form: form, page: page)
        proof.openRanges = ranges
        return proof
    }

    /// What a file allows that is one object after the other: only its last line end says that it was not cut.
    func sequence(endsLine: Bool) -> (level: Proof.Level, notes: [Proof.Note]) {
        guard total > 1 || endsLine else { return (.wellFormed, []) }
        return (endsLine ? .wellFormed : .none, [.noEndOfSequence] + (endsLine ? [] : [.noLineEndAtEnd]))
    }
}
