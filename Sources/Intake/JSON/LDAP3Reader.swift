// SPDX-License-Identifier: Apache-2.0

/// Reads what ldap3 writes, and tools that use it.
///
/// | the file | written by |
/// | --- | --- |
/// | `{"entries": [E, E]}` | `Connection.response_to_json` |
/// | `E`, or one after the other | `Entry.entry_to_json`; the reads that are kept |
/// | `[E, E]` | ldapdomaindump: `domain_users`, `domain_groups` ... |
/// | `[{"Domain Users": [E, E]}]` | ldapdomaindump: `domain_users_by_group` |
///
/// `E` is `{"attributes": {…}, "dn": "…"}`. In the last shape, each group is an entry too, behind its people:
/// `CN=Domain Users` with `objectClass: group`, `cn` and the names of the people as `member`, those included whose
/// primary group it is. Who is in several groups comes several times, each time alike.
///
/// In a sequence, `"names": "plain"` says that the names are no distinguished ones: reads of other formats that were kept.
///
/// With or without schema: a value may stand alone or in a list, and be text, a number, a boolean, or an object
/// `{"encoding": "base64", "encoded": "…"}`. Other keys of the file and of an entry (`raw`) are passed over. One key
/// twice in an entry rejects the entry, since nobody knows which is meant; `entries` twice refuses the file.
struct LDAP3Reader: FormatReader {
    enum State: UInt8 {
        case start, root, entriesValue, entries, items, done
        case groupValue, group, groupEnd, names
        case entry, dnValue, attributesValue, attributes, value, list
        case encoded
        case skipping, rejecting, rejectingDN
    }

    let limits: EntryLimits
    var tally = EntryTally()

    /// The line of the next byte.
    var line: Int { tokenizer.line }

    var tokenizer = JSONTokenizer()
    var state = State.start
    private var hasEntries = false
    /// How deep the brackets are between two entries, and where to go on behind one.
    var entriesDepth = 0
    var betweenEntries = State.items
    /// The file is one entry after the other, and the line in which the last one ended.
    private var isSequence = false
    private var lastLine = 0

    /// The group whose people are being read, and whether the object being read is one of groups.
    var group = Entry()
    var isGroupObject = false

    var entry = Entry()
    private var hasAttributes = false
    private var attribute = 0
    private var ranges = RangeParts()
    private var fault: (reason: Rejection.Reason, message: String)?

    /// Where to go on after a skipped value, and at which depth.
    var after = State.root
    var skipDepth = 0

    /// The binary value being read, and whether it stands in a list.
    private var encoded = EncodedObject()
    private var isInList = false

    init(limits: EntryLimits) {
        self.limits = limits
    }

    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int {
        var index = 0
        while true {
            switch try tokenizer.next(window, at: &index, base: base, isLast: isLast) {
            case .needMore, .end: return index
            case .token(let token):
                let isFinished =
                    if token.isUnescaped {
                        try tokenizer.scratch.withUnsafeBytes { try take(token, $0, base: base) }
                    } else {
                        try take(token, UnsafeRawBufferPointer(rebasing: window[token.start..<token.end]), base: base)
                    }
                if isFinished { try deliver(into: &sink) }
            }
        }
    }

    /// Takes a token and says whether an entry ended with it.
    @inline(__always)
    private mutating func take(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, base: Int) throws(IntakeError)
        -> Bool
    {
        switch state {
        case .value: takeValue(token, text)
        case .attributes: takeAttributeKey(token, text)
        case .list: takeElement(token, text)
        case .entry: return takeEntryKey(token, text)
        case .dnValue: takeDN(token, text)
        case .entries, .items, .group: return takeItem(token, base: base)
        case .attributesValue:
            guard token.kind == .beginObject else {
                reject(.wrongShape, "\"attributes\" is not an object")
                return false
            }
            state = .attributes
        case .encoded: takeEncoded(token, text)
        case .skipping:
            if tokenizer.depth == skipDepth { state = after }
        case .rejecting, .rejectingDN: return takeRejected(token, text)
        case .start, .root, .entriesValue, .done: try takeOuter(token, text, base: base)
        case .groupValue: openGroup(token)
        case .names: takeNames(token, text)
        case .groupEnd: break
        }
        return false
    }

    // MARK: - Around the entries

    private mutating func takeOuter(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, base: Int) throws(IntakeError) {
        switch (state, token.kind) {
        case (.start, .beginObject):
            begin(at: Position(line: tokenizer.line, byte: base + token.start))
            state = .root
        case (.start, .beginArray) where !isSequence: expectItems(.items, depth: 1)
        case (.root, .key) where !hasEntries && (text.elementsEqual("dn".utf8) || text.elementsEqual("attributes".utf8)):
            // The object of the file is an entry itself, and others may follow.
            isSequence = true
            tokenizer.allowsSequence = true
            expectItems(.start, depth: 0)
            _ = takeEntryKey(token, text)
        case (.root, .key) where text.elementsEqual("entries".utf8):
            guard !isSequence else {
                throw shapeFault(token, base, "another entry with \"dn\" and \"attributes\"", "\"entries\"")
            }
            guard !hasEntries else { throw shapeFault(token, base, "\"entries\" once", "it a second time") }
            hasEntries = true
            state = .entriesValue
        case (.root, .key): skipValue(then: .root)
        case (.root, .endObject):
            guard hasEntries else { throw shapeFault(token, base, "the key \"entries\"", "the end of the object") }
            state = .done
        case (.entriesValue, .beginArray): expectItems(.entries, depth: 2)
        case (.start, _): throw shapeFault(token, base, "an object with the key \"entries\", an entry or a list", "\(token.kind)")
        default: throw shapeFault(token, base, "the list of entries", "\(token.kind)")
        }
    }

    private func shapeFault(_ token: JSONTokenizer.Token, _ base: Int, _ expected: String, _ found: String) -> IntakeError {
        IntakeError(
            code: .unknownShape, position: Position(line: tokenizer.line, byte: base + token.start),
            expected: expected, found: found)
    }

    mutating func expectItems(_ between: State, depth: Int) {
        betweenEntries = between
        entriesDepth = depth
        state = between
    }

    mutating func begin(at position: Position) {
        entry.reset(at: position)
        ranges.reset()
        hasAttributes = false
        fault = nil
    }

    /// The start of an entry, the end of the list, or something that is no entry.
    private mutating func takeItem(_ token: JSONTokenizer.Token, base: Int) -> Bool {
        if token.kind == .endArray {
            switch state {
            case .entries: state = .root
            case .group:
                state = .groupEnd
                return true
            default: state = .done
            }
            return false
        }
        begin(at: Position(line: tokenizer.line, byte: base + token.start))
        if token.kind == .beginObject {
            state = .entry
            return false
        }
        reject(.wrongShape, "an entry is not an object")
        return token.kind != .beginArray
    }

    private mutating func skipValue(then next: State) {
        after = next
        skipDepth = tokenizer.depth
        state = .skipping
    }

    // MARK: - An entry

    private mutating func takeEntryKey(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) -> Bool {
        guard token.kind == .key else { return true }
        if text.elementsEqual("dn".utf8) {
            guard entry.dnRange == nil else {
                reject(.duplicateKey, "\"dn\" stands there twice")
                return false
            }
            state = .dnValue
        } else if text.elementsEqual("attributes".utf8) {
            guard !hasAttributes else {
                reject(.duplicateKey, "\"attributes\" stands there twice")
                return false
            }
            hasAttributes = true
            state = .attributesValue
        } else if betweenEntries == .start, text.elementsEqual("names".utf8) {
            state = .names
        } else if betweenEntries == .items, entry.dnRange == nil, !hasAttributes, !text.elementsEqual("raw".utf8) {
            name(group: text)
        } else {
            skipValue(then: .entry)
        }
        return false
    }

    private mutating func takeNames(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        if token.kind == .string, text.elementsEqual("plain".utf8) { entry.names = .plain }
        skipDepth = entriesDepth + 1
        after = .entry
        state = tokenizer.depth == skipDepth ? .entry : .skipping
    }

    private mutating func takeDN(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        guard token.kind == .string else { return reject(.noDN, "\"dn\" is not text") }
        guard !token.isDamaged else { return reject(.badText, "\"dn\" has half a surrogate pair") }
        entry.setDN(text)
        state = .entry
    }

    private mutating func takeAttributeKey(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        guard token.kind == .key else {
            state = .entry
            return
        }
        guard !token.isDamaged else { return reject(.badText, "a name has half a surrogate pair") }
        guard entry.attributes.count < limits.attributes else {
            return reject(.tooLarge, "more than \(limits.attributes) attributes")
        }
        guard entry.cost &+ text.count <= limits.entryBytes else {
            return reject(.tooLarge, "more than \(limits.entryBytes) bytes")
        }
        state = .value
        if text.contains(NameForm.semicolon) { return openWithOptions(text) }
        let key = NameForm.key(text)
        guard let known = entry.find(text, key: key) else {
            attribute = entry.add(text, key: key)
            return
        }
        // `member` stands beside `member;range=0-1499`, then without values.
        guard ranges.has(known) else { return reject(.duplicateKey, "an attribute stands there twice") }
        attribute = known
    }

    private mutating func openWithOptions(_ name: UnsafeRawBufferPointer) {
        let count = entry.attributes.count
        attribute = entry.findOrAdd(name)
        let isRange = ranges.note(name, attribute: attribute)
        if !isRange, attribute < count { reject(.duplicateKey, "an attribute stands there twice") }
    }

    private mutating func takeValue(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        switch token.kind {
        case .string, .number, .true, .false:
            state = .attributes
            append(token, text)
        case .beginArray: state = .list
        case .beginObject: openEncoded(inList: false)
        case .null:
            if entry.attributes[attribute].firstValue < 0 { entry.attributes[attribute].presence = .null }
            state = .attributes
        case .key, .endArray, .endObject: break
        }
    }

    private mutating func takeElement(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        switch token.kind {
        case .string, .number, .true, .false: append(token, text)
        case .endArray: state = .attributes
        case .beginObject: openEncoded(inList: true)
        case .beginArray: reject(.wrongShape, "a list in the list of values")
        case .null: reject(.wrongShape, "null in the list of values")
        case .key, .endObject: break
        }
    }

    @inline(__always)
    private mutating func append(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        guard !token.isDamaged else { return reject(.badText, "a value has half a surrogate pair") }
        guard entry.cost &+ text.count <= limits.entryBytes else {
            return reject(.tooLarge, "more than \(limits.entryBytes) bytes")
        }
        entry.append(text, kind: .text, to: attribute)
    }

    // MARK: - Binary values

    private mutating func openEncoded(inList: Bool) {
        isInList = inList
        encoded.reset()
        state = .encoded
    }

    private mutating func takeEncoded(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) {
        switch encoded.take(token, text) {
        case .more: break
        case .fault(let reason, let message): reject(reason, message)
        case .done:
            state = isInList ? .list : .attributes
            guard entry.cost + encoded.text.count <= limits.entryBytes else {
                return reject(.tooLarge, "more than \(limits.entryBytes) bytes")
            }
            let isRight = encoded.text.withUnsafeBytes { entry.append(base64: $0, to: attribute) }
            if !isRight { reject(.badBase64, "a value is not base64") }
        }
    }

    // MARK: - The end of an entry

    /// Notes why the entry is bad and passes over the rest of it.
    private mutating func reject(_ reason: Rejection.Reason, _ message: String) {
        if fault == nil { fault = (reason, message) }
        state = .rejecting
    }

    /// The rest of a bad entry: only its name is of interest.
    private mutating func takeRejected(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer) -> Bool {
        if state == .rejectingDN {
            if token.kind == .string, entry.dnRange == nil, !token.isDamaged { entry.setDN(text) }
            state = .rejecting
        } else if tokenizer.depth == entriesDepth + 1, token.kind == .key, text.elementsEqual("dn".utf8) {
            state = .rejectingDN
        }
        return tokenizer.depth == entriesDepth
    }

    private mutating func deliver<S: EntrySink>(into sink: inout S) throws {
        if state == .groupEnd { return try endGroup(into: &sink) }
        state = betweenEntries
        lastLine = tokenizer.line
        if isGroupObject {
            isGroupObject = false
            if fault == nil, entry.dnRange == nil, !hasAttributes { return }
        }
        if fault == nil {
            if entry.dnRange?.isEmpty ?? true {
                fault = (.noDN, "there is no \"dn\"")
            } else if !hasAttributes {
                fault = (.noAttributes, "there are no \"attributes\"")
            }
        }
        if state == .group, group.cost <= limits.entryBytes, let name = entry.dnRange { addMember(name) }
        try tally.deliver(&entry, fault: fault, ranges: ranges, into: &sink)
    }

    func finish<S: EntrySink>(bytes: Int, into sink: inout S) -> Proof {
        guard isSequence else { return tally.proof(level: .wellFormed, bytes: bytes) }
        let sequence = tally.sequence(endsLine: tokenizer.line > lastLine)
        return tally.proof(level: sequence.level, bytes: bytes, notes: sequence.notes)
    }
}
