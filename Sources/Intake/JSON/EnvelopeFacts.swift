// SPDX-License-Identifier: Apache-2.0

/// What the outer object of an export says about the whole, and what was counted against it.
struct EnvelopeFacts {
    /// A key whose value is about to come.
    enum Pending: UInt8 {
        case next, changes, schemas, context
    }

    var pending = Pending.next
    /// How many items there are, by the outer object.
    var total: Int?
    /// The number of the first item of the page, from 1.
    var start = 1
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
    private var hasOperations = false
    private var part: (held: Int, total: Int)?
    /// What is listed, by the outer object and by the first item.
    private var context: String?
    private var listed: String?
    private var lacksTotal = false

    /// Begins an outer object; what the one before said of more pages is settled by this one.
    mutating func begin() {
        opened.removeAll(keepingCapacity: true)
        hasList = false
        isMarked = false
        hasNext = false
        total = nil
        start = 1
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
        case .next: if !text.isEmpty { noteNext() }
        case .changes: hasChanges = true
        case .context:
            // `https://graph.microsoft.com/v1.0/$metadata#users(id,mail)/$delta`
            let text = String(decoding: text.prefix(1000), as: UTF8.self)
            context = text.split(separator: "#").dropFirst().first?.split(whereSeparator: { "(/".contains($0) }).first.map(
                String.init)
        case .schemas:
            let message = "urn:ietf:params:scim:api:messages:2.0:"
            if text.starts(with: message.utf8) {
                let kind = String(decoding: text.dropFirst(message.utf8.count), as: UTF8.self)
                if kind == "BulkRequest" {
                    hasChanges = true
                    hasOperations = true
                } else {
                    return kind == "ListResponse"
                }
            }
        }
        return true
    }

    /// Notes that more pages follow.
    mutating func noteNext() { hasNext = true }

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
        if total > items { part = (items, total) }
    }

    /// Notes what an item is: pages list things of one kind.
    mutating func note(_ kind: JSONFormat.Kind) {
        if listed == nil, kind != .object { listed = kind == .group ? "groups" : "users" }
    }

    /// What the file proves.
    ///
    /// - Parameter sequence: what is allowed by a file that is one object after the other.
    func proof(
        _ format: JSONFormat, group: String?, tally: EntryTally, sequence: (level: Proof.Level, notes: [Proof.Note])?, bytes: Int
    ) -> Proof {
        var level = min(format.level, sequence?.level ?? .attested)
        var notes = format.notes + (sequence?.notes ?? [])
        func spoil(_ note: Proof.Note) {
            level = .none
            notes.append(note)
        }
        if lostMemberships > 0 { spoil(.lostMemberships(lostMemberships)) }
        if tally.changes == 0 {
            if hasChanges { spoil(.changesOnly) }
            if removals > 0 { spoil(.removals(removals)) }
        }
        if lacksTotal { spoil(.noTotal) }
        var proof = tally.proof(level: level, bytes: bytes, notes: notes, page: page(format, group: group))
        // What other files of the same export may make up for.
        if let part {
            proof.level = .none
            proof.notes.append(.partOfTotal(held: part.held, total: part.total))
        }
        if format.name == .keycloak, !hasPeople {
            proof.level = .none
            proof.notes.append(.noPeople)
        }
        return proof
    }

    /// The page that the file is, in formats that have some.
    private func page(_ format: JSONFormat, group: String?) -> Proof.Page? {
        guard format.isEnvelope, !format.next.isEmpty, !hasOperations else { return nil }
        let what = context ?? listed ?? opened.first.map { "\($0)" } ?? "objects"
        let kind = "\(format.name.family.rawValue) \(group.map { "members of \($0)" } ?? what)"
        guard format.total != nil else { return Proof.Page(kind: kind, isLast: !hasNext) }
        let isLast = !hasNext && total.map { start - 1 + items >= $0 } ?? true
        return Proof.Page(kind: kind, isLast: isLast, total: total)
    }
}
