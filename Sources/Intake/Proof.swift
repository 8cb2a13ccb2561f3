// SPDX-License-Identifier: Apache-2.0

/// What a read to the end proves about the completeness of an export.
package struct Proof: Sendable, Hashable {
    /// How much is proven; each level includes the one before.
    package enum Level: Int, Sendable, Comparable, CaseIterable {
        /// Nothing: no change may rest on somebody's absence.
        case none
        /// The form is closed: brackets, `result: 0`, the empty line after the last record. Allows suspending by absence.
        case wellFormed
        /// The export states how many entries it has, and it has them. Allows deleting by absence.
        case attested

        package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    /// A fact about the read that a report shows.
    package enum Note: Sendable, Hashable {
        /// The file has no byte (or only a byte order mark).
        case emptyInput
        /// The form is whole, but there is no entry in it.
        case noEntries
        /// LDIF without a `result:` line (`-LLL`, slapcat): that it was not cut between two records is not proven.
        case noTrailer
        /// LDIF whose last record is not followed by an empty line: it may have lost lines.
        case noEmptyLineAtEnd
        /// One JSON object after the other: that the file was not cut between two is not proven.
        case noEndOfSequence
        /// The last object of a sequence is not followed by a line end: others may have been cut.
        case noLineEnd
        /// A list that says neither how many there are nor whether more pages follow (Okta).
        case noEndOfPages
        /// A page of a list that has another number of entries in all.
        case partOfTotal(held: Int, total: Int)
        /// A list that does not state how many entries there are, though its format demands it.
        case noTotal
        /// What changed since another read, and not what there is (Graph delta, SCIM BulkRequest).
        case changesOnly
        /// Entries that the export says are gone.
        case removals(Int)
        /// The export has groups, roles or settings, but no list of people.
        case noPeople
        /// Entries whose groups or members the exporting tool cut off (`ConvertTo-Json -Depth`).
        case lostMemberships(Int)
        /// Entries after the last `result:` line.
        case entriesAfterTrailer(Int)
        /// The last page of a paged search says that more would follow.
        case morePages
        /// Entries of which an attribute came in ranges that do not reach from 0 to `*`.
        case missingRanges(Int)
        /// References to other servers, whose entries are not in the file.
        case references(Int)
    }

    package var level: Level
    /// Entries given to the sink.
    package var entries: Int
    /// Entries rejected.
    package var rejected: Int
    /// Bytes read, a byte order mark included.
    package var bytes: Int
    package var notes: [Note]

    package init(level: Level, entries: Int, rejected: Int, bytes: Int, notes: [Note] = []) {
        self.level = level
        self.entries = entries
        self.rejected = rejected
        self.bytes = bytes
        self.notes = notes
    }

    /// Whether the read found nobody at all: never a reason to suspend everybody.
    package var isEmpty: Bool { entries + rejected == 0 }
}

extension Proof.Note: CustomStringConvertible {
    /// The fact in words.
    package var description: String {
        switch self {
        case .emptyInput: "the file is empty"
        case .noEntries: "there is no entry in the file"
        case .noTrailer: "no result line: a cut between two records would not show"
        case .noEmptyLineAtEnd: "no empty line after the last record: it may have been cut"
        case .noEndOfSequence: "one object after the other: a cut between two would not show"
        case .noLineEnd: "no line end after the last object: it may have been cut"
        case .noEndOfPages: "a list that cannot say whether more pages follow: only a manifest proves that it is whole"
        case .partOfTotal(let held, let total): "\(held) of \(total) entries are in the file"
        case .noTotal: "the list does not state how many entries there are"
        case .changesOnly: "the export tells what changed, not what there is"
        case .removals(let count): "\(count) entries are marked as removed"
        case .noPeople: "there is no list of people in the file"
        case .lostMemberships(let count): "\(count) entries whose memberships the exporting tool cut off (its -Depth is too low)"
        case .entriesAfterTrailer(let count): "\(count) entries after the last result line"
        case .morePages: "the search has more pages than the file"
        case .missingRanges(let count): "\(count) entries have an attribute of which parts are missing (;range=)"
        case .references(let count): "\(count) references to other servers were not followed"
        }
    }
}
