// SPDX-License-Identifier: Apache-2.0

/// What the files of one export prove together: no more than the weakest of them.
///
/// The pages of each kind must end, exactly once; parts of ranged attributes may be completed by another file.
struct ExportProof {
    private var proofs: [Proof] = []
    private var ranges = RangeLedger()

    mutating func add(_ proof: Proof) {
        proofs.append(proof)
        ranges.merge(proof.openRanges)
    }

    /// The proof of the whole.
    var combined: Proof {
        guard proofs.count != 1 else { return proofs[0] }
        var whole = Proof(level: .attested, entries: 0, rejected: 0, bytes: 0)
        for proof in proofs {
            whole.entries += proof.entries
            whole.rejected += proof.rejected
            whole.bytes += proof.bytes
            whole.changes += proof.changes
        }
        whole.notes = notes
        whole.form = proofs.map { isCounted($0.page) ? .attested : $0.form }.min() ?? .none
        whole.openRanges = ranges
        let faults =
            pageFaults + (ranges.unfinished > 0 ? [.missingRanges(ranges.unfinished)] : [])
            + (lacksPeople ? [.noPeople] : [])
        whole.level = faults.isEmpty ? whole.form : .none
        whole.notes += faults
        if proofs.isEmpty { whole.notes.append(.noFiles) }
        if whole.isEmpty, !proofs.isEmpty { whole.notes.append(.noEntries) }
        return whole
    }

    /// What the files say of themselves, without what only the whole can say.
    private var notes: [Proof.Note] {
        var notes: [Proof.Note] = []
        for note in proofs.flatMap(\.notes) {
            switch note {
            case .missingRanges, .morePages, .noEntries, .emptyInput, .partOfTotal, .noPeople: continue
            default: if !notes.contains(note) { notes.append(note) }
            }
        }
        return notes
    }

    /// Of the files of a realm one holds its settings and groups, others its people.
    private var lacksPeople: Bool {
        !proofs.isEmpty && proofs.allSatisfy { $0.notes.contains(.noPeople) }
    }

    private var pageFaults: [Proof.Note] {
        // A file that says nothing of its kind can not be completed by others.
        var faults: [Proof.Note] = proofs.contains { $0.page == nil && $0.notes.contains(.morePages) } ? [.morePages] : []
        for kind in Set(proofs.compactMap(\.page?.kind)).sorted() {
            let pages = proofs.filter { $0.page?.kind == kind }
            let last = pages.count { $0.page?.isLast == true }
            if last == 0, !faults.contains(.morePages) { faults.append(.morePages) }
            if last > 1 { faults.append(.severalLastPages(kind: kind)) }
            let found = pages.reduce(0) { $0 + $1.entries + $1.rejected }
            if let total = pages.compactMap(\.page?.total).first(where: { $0 != found }) {
                faults.append(.pagesMissing(kind: kind, found: found, total: total))
            }
        }
        return faults
    }

    /// Whether the pages of this kind say how many there are, and there are so many.
    private func isCounted(_ page: Proof.Page?) -> Bool {
        guard let page else { return false }
        let pages = proofs.filter { $0.page?.kind == page.kind }
        let found = pages.reduce(0) { $0 + $1.entries + $1.rejected }
        return pages.allSatisfy { $0.page?.total == found && $0.form > .none }
    }
}
