// SPDX-License-Identifier: Apache-2.0

/// What ldapsearch writes around the records, and what that proves.
///
/// | the file | proves |
/// | --- | --- |
/// | `result: 0` and `# numEntries: N`, N entries read | attested |
/// | `result: 0` | wellFormed |
/// | `result:` another than 0, `# numEntries` of another number | refused |
/// | begins with `# extended LDIF`, has no `result:` | refused: cut |
/// | no trailer (`-LLL`, slapcat), an empty line after the last record | wellFormed |
/// | no trailer, no empty line after the last record | none |
/// | entries after the last trailer; more pages by the cookie; no trailer and no entries | none |
struct LDIFTrailer {
    /// Whether anything of ldapsearch was seen.
    private(set) var isSeen = false

    /// `# extended LDIF` was seen, and no `result:` since.
    private var isExpected = false
    /// Entries before the last `result:` or `# numEntries:`, nothing before the first.
    private var closedAt: Int?
    /// Entries covered by `# numEntries:` so far.
    private var countedTo = 0
    private var hasMorePages = false
    private var references = 0
    private var isReference = false

    /// Takes a line of a record without `dn:`.
    mutating func line(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, at position: Position, entries: Int
    ) throws(IntakeError) {
        isSeen = true
        if name.isName("result") {
            guard value.first == UInt8(ascii: "0"), value.count == 1 || value[1] == UInt8(ascii: " ") else {
                throw IntakeError(
                    code: .searchFailed, position: position, expected: "result: 0 Success",
                    found: "result: " + String(decoding: value.prefix(80), as: UTF8.self))
            }
            isExpected = false
            closedAt = entries
            hasMorePages = false
        } else if name.isName("ref") {
            isReference = true
        } else if name.isName("pagedresults") {
            let text = String(decoding: value, as: UTF8.self)
            if let cookie = text.split(separator: "cookie=", omittingEmptySubsequences: false).dropFirst().last {
                hasMorePages = !cookie.isEmpty
            }
        }
    }

    mutating func recordEnded() {
        if isReference { references += 1 }
        isReference = false
    }

    /// Takes a comment between records.
    mutating func comment(_ text: UnsafeRawBufferPointer, at position: Position, entries: Int) throws(IntakeError) {
        if text.elementsEqual("# extended LDIF".utf8) {
            isSeen = true
            isExpected = true
        } else if text.starts(with: "# numEntries: ".utf8) {
            // The comment before an entry is its name and could begin like this, but not end in the number.
            guard let stated = Int(String(decoding: text.dropFirst(14), as: UTF8.self)) else { return }
            isSeen = true
            // Some state the entries of each page, some of all pages.
            guard stated == entries - countedTo || stated == entries else {
                throw IntakeError(
                    code: .countMismatch, position: position, expected: "\(entries - countedTo) entries as read",
                    found: "# numEntries: \(stated)")
            }
            countedTo = entries
            closedAt = entries
        }
    }

    /// What the whole file proves.
    func verdict(
        entries: Int, isOpen: Bool, at end: Position
    ) throws(IntakeError) -> (level: Proof.Level, notes: [Proof.Note]) {
        guard !isExpected else {
            throw IntakeError(
                code: .truncated, position: end, expected: "\"result:\", since the file begins as \"extended LDIF\"",
                found: "the end of the file")
        }
        var notes: [Proof.Note] = references > 0 ? [.references(references)] : []
        guard let closedAt else {
            guard entries > 0 else { return (.none, notes) }
            notes.append(.noTrailer)
            if isOpen { notes.append(.noEmptyLineAtEnd) }
            return (isOpen ? .none : .wellFormed, notes)
        }
        if closedAt < entries { notes.append(.entriesAfterTrailer(entries - closedAt)) }
        if hasMorePages { notes.append(.morePages) }
        if closedAt < entries || hasMorePages { return (.none, notes) }
        return (countedTo == entries && entries > 0 ? .attested : .wellFormed, notes)
    }
}
