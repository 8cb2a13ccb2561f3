// SPDX-License-Identifier: Apache-2.0

/// Counts what a reader hands out, and hands it out.
struct EntryTally {
    private(set) var entries = 0
    private(set) var rejected = 0
    private(set) var missingRanges = 0

    /// All entries, good and bad.
    var total: Int { entries + rejected }

    /// Gives the sink an entry, or the rejection of it.
    mutating func deliver<S: EntrySink>(
        _ entry: inout Entry, fault: (reason: Rejection.Reason, message: String)?, ranges: RangeParts, into sink: inout S
    ) throws {
        if let fault {
            rejected += 1
            try sink.rejected(
                Rejection(
                    position: entry.position, reason: fault.reason, dn: entry.dn.flatMap { $0.isEmpty ? nil : $0 },
                    message: fault.message))
            return
        }
        entries += 1
        if !ranges.isComplete {
            entry.hasMissingValues = true
            missingRanges += 1
        }
        try sink.entry(entry)
    }

    /// The proof of a read whose form allows at most `level`.
    func proof(level: Proof.Level, bytes: Int, notes: [Proof.Note] = []) -> Proof {
        var notes = notes
        if entries + rejected == 0 { notes.append(.noEntries) }
        if missingRanges > 0 { notes.append(.missingRanges(missingRanges)) }
        return Proof(
            level: missingRanges > 0 ? .none : level, entries: entries, rejected: rejected, bytes: bytes, notes: notes)
    }

    /// The proof of a file that is one object after the other: only its last line end says that it was not cut.
    func proof(sequenceEndedLine: Bool, bytes: Int) -> Proof {
        guard total > 1 || sequenceEndedLine else { return proof(level: .wellFormed, bytes: bytes) }
        return proof(
            level: sequenceEndedLine ? .wellFormed : .none, bytes: bytes,
            notes: [.noEndOfSequence] + (sequenceEndedLine ? [] : [.noLineEnd]))
    }
}
