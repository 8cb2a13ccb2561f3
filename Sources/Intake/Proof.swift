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
        /// A list that says neither how many there are nor whether more pages follow (Okta).
        case noEndOfPages
        /// One page of a list that has more entries in all.
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
        /// A format in which nothing says that the file is whole (CSV).
        case unprovable
        /// The last line has no end: it may have been cut.
        case noLineEndAtEnd
        /// Entries after the last `result:` line.
        case entriesAfterTrailer(Int)
        /// The last page of a paged search says that more would follow.
        case morePages
        /// Several files of one kind of page that are each the last: more than one listing.
        case severalLastPages(kind: String)
        /// The pages of one kind hold another number than the listing is said to have.
        case pagesMissing(kind: String, found: Int, total: Int)
        /// An export of several files without any file.
        case noFiles
        /// A manifest states how many there are and which bytes they are, and both are right.
        case manifest
        /// Attributes that came in ranges which do not reach from 0 to `*`.
        case missingRanges(Int)
        /// Entries that stand there as `changetype: add`: everything, as ldifde writes it, or only what is new.
        case additions(Int)
        /// References to other servers, whose entries are not in the file.
        case references(Int)
    }

    /// A file that is one page of a listing.
    package struct Page: Sendable, Hashable {
        /// What is listed: pages of one kind make one listing (`graph users`).
        package var kind: String
        /// Whether nothing says that more follow (no `nextLink`, no `nextPageToken`).
        package var isLast: Bool
        /// How many the whole listing has, where the page says so (`totalResults`).
        package var total: Int?

        package init(kind: String, isLast: Bool, total: Int? = nil) {
            self.kind = kind
            self.isLast = isLast
            self.total = total
        }
    }

    /// How much is proven. Of a read with changes it speaks of the form only: changes never prove anybody's absence.
    package var level: Level
    /// What the form of this file allows by itself, pages and ranges that other files may complete left aside.
    package var form: Level
    /// Which page of how many this is; nil for formats without pages.
    package var page: Page?
    /// Ranged attributes that have not reached their end.
    package var openRanges = RangeLedger()
    /// Entries given to the sink.
    package var entries: Int
    /// Entries rejected.
    package var rejected: Int
    /// Bytes read, a byte order mark included.
    package var bytes: Int
    package var notes: [Note]
    /// Changes given to the sink.
    package var changes: Int

    /// - Parameter form: as `level` where it is nil.
    package init(
        level: Level, entries: Int, rejected: Int, bytes: Int, notes: [Note] = [], changes: Int = 0, form: Level? = nil,
        page: Page? = nil
    ) {
        self.level = level
        self.form = form ?? level
        self.page = page
        self.entries = entries
        self.rejected = rejected
        self.bytes = bytes
        self.notes = notes
        self.changes = changes
    }

    /// Whether the read found nobody at all: never a reason to suspend everybody.
    package var isEmpty: Bool { entries + rejected + changes == 0 }

    /// Whether who is not in the export is not in the source.
    package var provesAbsence: Bool { level > .none && changes == 0 }
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
        case .noEndOfPages: "a list that cannot say whether more pages follow: only a manifest proves that it is whole"
        case .partOfTotal(let held, let total): "\(held) of \(total) entries are in the file"
        case .noTotal: "the list does not state how many entries there are"
        case .changesOnly: "the export tells what changed, not what there is"
        case .removals(let count): "\(count) entries are marked as removed"
        case .noPeople: "there is no list of people in the file"
        case .lostMemberships(let count): "\(count) entries whose memberships the exporting tool cut off (its -Depth is too low)"
        case .unprovable: "nothing in a file of this format says that it is whole"
        case .noLineEndAtEnd: "the last line has no end: it may have been cut"
        case .entriesAfterTrailer(let count): "\(count) entries after the last result line"
        case .morePages: "the search has more pages than the file"
        case .severalLastPages(let kind): "more than one last page of \(kind): the files are not of one export"
        case .pagesMissing(let kind, let found, let total): "the pages of \(kind) hold \(found) of \(total)"
        case .noFiles: "there is no file in the folder"
        case .manifest: "attested by a manifest"
        case .missingRanges(let count): "\(count) attributes of which parts are missing (;range=)"
        case .additions(let count): "\(count) entries as \"changetype: add\": whether these are all is not proven"
        case .references(let count): "\(count) references to other servers were not followed"
        }
    }
}
