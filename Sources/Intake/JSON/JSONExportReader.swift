// SPDX-License-Identifier: Apache-2.0

/// Reads exports that are lists of JSON objects; what differs between them is a `JSONFormat`.
///
/// The items stand in the file one after the other, in a list, or in lists of an outer object, of which there may be
/// several. What the outer object says about the whole (how many, whether pages follow) may stand before the items or
/// behind them. Kept are the item being read and those above it, never the file.
struct JSONExportReader: FormatReader {
    enum State: UInt8 {
        case start, objects, envelope, listValue, items, item, fact, total, skipping, done
    }

    /// An item being read, or waiting for those below it.
    struct Item {
        var entry = Entry()
        var flattener: JSONFlattener
        var kind: JSONFormat.Kind
    }

    let format: JSONFormat
    let limits: EntryLimits
    /// The name of the group whose members the items are.
    let group: String?
    var tokenizer = JSONTokenizer()
    var state = State.start
    var tally = EntryTally()
    var item: Item
    /// Those above the item, the outermost first.
    var parents: [Item] = []
    /// Whether the items are members, which become one entry: their group.
    var isGroup = false
    var groupFault: (reason: Rejection.Reason, message: String)?
    var facts = EnvelopeFacts()
    /// The change being told, where changes are.
    var change = EntryChange()

    private var kind = JSONFormat.Kind.object
    private var inner: StaticString?
    private var isInList = false
    private var skipDepth = 0
    private var lastLine = 0
    /// Whether the number to come is that of the first item of the page, not how many there are.
    private var isStart = false

    init(format: JSONFormat, group: String?, limits: EntryLimits) {
        self.format = format
        self.group = group
        self.limits = limits
        item = Item(flattener: JSONFlattener(limits: limits), kind: .object)
    }

    var line: Int { tokenizer.line }

    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int {
        var index = 0
        while true {
            switch try tokenizer.next(window, at: &index, base: base, isLast: isLast) {
            case .needMore, .end: return index
            case .token(let token):
                if token.isUnescaped {
                    // Moved out while it is read.
                    var scratch: [UInt8] = []
                    swap(&scratch, &tokenizer.scratch)
                    try scratch.withUnsafeBytes { try take(token, $0, base: base, into: &sink) }
                    swap(&scratch, &tokenizer.scratch)
                } else {
                    let text = UnsafeRawBufferPointer(rebasing: window[token.start..<token.end])
                    try take(token, text, base: base, into: &sink)
                }
            }
        }
    }

    private mutating func take<S: EntrySink>(
        _ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, base: Int, into sink: inout S
    ) throws {
        switch state {
        case .item:
            switch item.flattener.take(token, text, depth: tokenizer.depth, format: format, into: &item.entry) {
            case .more: break
            case .end: try endItem(into: &sink)
            case .below: descend()
            }
        case .items, .objects: try takeItem(token, base: base, into: &sink)
        case .skipping:
            if tokenizer.depth == skipDepth { state = .envelope }
        case .envelope: try takeEnvelope(token, text, base: base, into: &sink)
        case .fact: try takeFact(token, text, base: base)
        case .total:
            let number = token.kind == .number ? Int(String(decoding: text, as: UTF8.self)) : nil
            if isStart { facts.start = number ?? 1 } else { facts.total = number }
            skipRest()
        case .listValue:
            switch token.kind {
            case .beginArray: state = .items
            case .null:
                state = .envelope
                if format.isKeyedByGroup { try closeGroup(into: &sink) }
            default: throw shapeFault(token, base, "the list of items", "\(token.kind)")
            }
        case .start:
            switch token.kind {
            case .beginObject:
                tokenizer.allowsSequence = !format.isEnvelope
                try beginObject(token, base: base)
            case .beginArray where !tokenizer.allowsSequence:
                isInList = true
                state = .objects
                if !format.isEnvelope { try openGroup(of: format.kind, at: position(token, base)) }
            default: throw shapeFault(token, base, "an object or a list of objects", "\(token.kind)")
            }
        case .done: break
        }
    }

    private func position(_ token: JSONTokenizer.Token, _ base: Int) -> Position {
        Position(line: tokenizer.line, byte: base + token.start)
    }

    func shapeFault(_ token: JSONTokenizer.Token, _ base: Int, _ expected: String, _ found: String) -> IntakeError {
        IntakeError(code: .unknownShape, position: position(token, base), expected: expected, found: found)
    }

    // MARK: - Around the items

    /// An object of the file: an item, or one that holds items.
    private mutating func beginObject(_ token: JSONTokenizer.Token, base: Int) throws(IntakeError) {
        guard !format.isEnvelope else {
            facts.begin()
            state = .envelope
            return
        }
        if !isInList { try openGroup(of: format.kind, at: position(token, base)) }
        beginItem(format.kind, at: position(token, base))
    }

    private mutating func takeEnvelope<S: EntrySink>(
        _ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, base: Int, into sink: inout S
    ) throws {
        if token.kind == .key, let mark = format.mark, text.elementsEqual(mark.bytes) { facts.isMarked = true }
        guard token.kind == .key else {
            // An empty page has no list.
            if !facts.hasList, facts.isMarked, group != nil { try openGroup(of: .member, at: position(token, base)) }
            try facts.end(format, at: position(token, base))
            state = isInList ? .objects : .done
            return
        }
        if format.isKeyedByGroup {
            beginGroup(named: text, at: position(token, base))
            kind = .member
            state = .listValue
            facts.hasList = true
        } else if let list = format.lists.first(where: { text.elementsEqual($0.key.bytes) }) {
            guard facts.open(list.key) || format.joinsLists else {
                throw shapeFault(token, base, "\"\(list.key)\" once", "it a second time")
            }
            kind = list.kind
            inner = list.inner
            if kind == .user { facts.hasPeople = true }
            state = .listValue
            try openGroup(of: kind, at: position(token, base))
        } else if format.next.contains(where: { text.elementsEqual($0.bytes) }) {
            facts.pending = .next
            state = .fact
        } else if let changes = format.changes, text.elementsEqual(changes.bytes) {
            facts.pending = .changes
            state = .fact
        } else if let total = format.total, text.elementsEqual(total.bytes) {
            isStart = false
            state = .total
        } else if format.total != nil, text.elementsEqual("startIndex".utf8) {
            isStart = true
            state = .total
        } else if text.elementsEqual("@odata.context".utf8), format.name == .graph {
            facts.pending = .context
            state = .fact
        } else if text.elementsEqual("schemas".utf8), format.name == .scim {
            facts.pending = .schemas
            state = .fact
        } else {
            skipDepth = tokenizer.depth
            state = .skipping
        }
    }

    /// The value of a key that says something about the whole.
    private mutating func takeFact(
        _ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, base: Int
    ) throws(IntakeError) {
        if token.kind == .string, !facts.note(text) {
            throw shapeFault(token, base, "a SCIM ListResponse or BulkRequest", "another message of SCIM")
        }
        // A token of another kind than text is one too.
        if facts.pending == .next, token.kind != .string, token.kind != .null { facts.noteNext() }
        if tokenizer.depth == (isInList ? 2 : 1) { state = .envelope }
    }

    /// After a value that should have been a number: its brackets, if it has some.
    private mutating func skipRest() {
        skipDepth = isInList ? 2 : 1
        state = tokenizer.depth == skipDepth ? .envelope : .skipping
    }

    // MARK: - Items

    /// The start of an item or of an outer object, the end of the list, or something that is no item.
    private mutating func takeItem<S: EntrySink>(_ token: JSONTokenizer.Token, base: Int, into sink: inout S) throws {
        switch token.kind {
        case .beginObject:
            if state == .objects { return try beginObject(token, base: base) }
            beginItem(kind, at: position(token, base))
        case .endArray:
            if state == .objects {
                state = .done
            } else if let parent = parents.popLast() {
                item = parent
                state = .item
            } else {
                state = .envelope
                if format.isKeyedByGroup { try closeGroup(into: &sink) }
            }
        default: throw shapeFault(token, base, "an object", "\(token.kind)")
        }
    }

    private mutating func beginItem(_ kind: JSONFormat.Kind, at position: Position) {
        item.kind = kind
        if !isGroup {
            item.entry.reset(at: position)
            item.entry.names = format.names
            item.flattener.begin(inner: inner, values: 0)
        } else {
            item.flattener.begin(prefix: "members.", isMember: true, values: item.entry.values.count)
        }
        state = .item
    }

    private mutating func descend() {
        parents.append(item)
        kind = item.kind
        item = Item(flattener: JSONFlattener(limits: limits), kind: kind)
        state = .items
    }

    private mutating func endItem<S: EntrySink>(into sink: inout S) throws {
        lastLine = tokenizer.line
        state = !parents.isEmpty || format.isEnvelope ? .items : isInList ? .objects : .start
        facts.items += 1
        try deliver(into: &sink)
    }

    // MARK: - The end

    mutating func finish<S: EntrySink>(bytes: Int, into sink: inout S) throws -> Proof {
        let isSequence = !isInList && !format.isEnvelope && !isGroup
        try closeGroup(into: &sink)
        let sequence = isSequence && tally.total > 0 ? tally.sequence(endsLine: tokenizer.line > lastLine) : nil
        return facts.proof(format, group: group, tally: tally, sequence: sequence, bytes: bytes)
    }
}
