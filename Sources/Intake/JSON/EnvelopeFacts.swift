// SPDX-License-Identifier: Apache-2.0

/// What the outer object of an export says about the whole, and what was counted against it.
struct EnvelopeFacts {
    /// A key whose value is about to come.
    enum Pending: UInt8 {
        case next, changes, schemas
    }

    var pending = Pending.next
    /// How many items there are, by the outer object.
    var total: Int?
    /// Items of the outer object.
    var items = 0
    var hasList = false
    /// The key was there that tells the format.
    var isMarked = false
    /// A list of people was there, in any outer object.
    var hasPeople = false
    var removals = 0
    var lostMemberships = 0

    private var opened: [StaticString] = []
    private var hasNext = false
    private var hasChanges = false
    private var isIncomplete: (held: Int, total: Int)?
    private var lacksTotal = false

    /// Begins an outer object; what the one before said of more pages is settled by this one.
    mutating func begin() {
        opened.removeAll(keepingCapacity: true)
        hasList = false
        isMarked = false
        hasNext = false
        total = nil
        items = 0
    }

    /// Notes a list of items; false where it stood there already.
    mutating func open(_ key: StaticString) -> Bool {
        hasList = true
        guard !opened.contains(where: { $0.bytes.elementsEqual(key.bytes) }) else { return false }
        opened.append(key)
        return true
    }

    /// Takes the text of the pending key; false where it says that this is no export.
    mutating func note(_ text: UnsafeRawBufferPointer) -> Bool {
        switch pending {
        case .next: if !text.isEmpty { hasNext = true }
        case .changes: hasChanges = true
        case .schemas:
            let message = "urn:ietf:params:scim:api:messages:2.0:"
            if text.starts(with: message.utf8) {
                let kind = String(decoding: text.dropFirst(message.utf8.count), as: UTF8.self)
                if kind == "BulkRequest" { hasChanges = true } else { return kind == "ListResponse" }
            }
        }
        return true
    }

    /// Settles what an outer object says, at its end.
    mutating func end(_ format: JSONFormat, at position: Position) throws(IntakeError) {
        guard hasList || isMarked else {
            let keys = format.lists.map { "\"\($0.key)\"" }.joined(separator: " or ")
            throw IntakeError(
                code: .unknownShape, position: position,
                expected: format.isKeyedByGroup ? "a list of members" : "the list \(keys)",
                found: "the end of the object")
        }
        guard format.total != nil, !hasChanges else { return }
        guard let total else {
            lacksTotal = true
            return
        }
        guard total >= items else {
            throw IntakeError(
                code: .countMismatch, position: position, expected: "\(items) entries as read", found: "a total of \(total)")
        }
        if total > items { isIncomplete = (items, total) }
    }

    /// The most that the outer object lets the file prove.
    func level(_ format: JSONFormat) -> Proof.Level {
        if hasNext || hasChanges || removals > 0 || lostMemberships > 0 || isIncomplete != nil || lacksTotal { return .none }
        if format.name == .keycloak, !hasPeople { return .none }
        return format.total != nil ? .attested : .wellFormed
    }

    func notes(_ format: JSONFormat) -> [Proof.Note] {
        var notes: [Proof.Note] = []
        if hasNext { notes.append(.morePages) }
        if hasChanges { notes.append(.changesOnly) }
        if removals > 0 { notes.append(.removals(removals)) }
        if lostMemberships > 0 { notes.append(.lostMemberships(lostMemberships)) }
        if let isIncomplete { notes.append(.partOfTotal(held: isIncomplete.held, total: isIncomplete.total)) }
        if lacksTotal { notes.append(.noTotal) }
        if format.name == .keycloak, !hasPeople { notes.append(.noPeople) }
        return notes
    }
}
