// SPDX-License-Identifier: Apache-2.0

/// Reads what ldap3's `Connection.response_to_json` writes: `{"entries": [{"attributes": {…}, "dn": "…"}]}`.
///
/// With or without schema: a value may stand alone or in a list, and be text, a number, a boolean, or an object
/// `{"encoding": "base64", "encoded": "…"}`. Other keys of the file and of an entry (`raw`) are passed over. One key
/// twice in an entry rejects the entry, since nobody knows which is meant; `entries` twice refuses the file.
struct LDAP3Reader: FormatReader {
    private enum State: UInt8 {
        case start, root, entriesValue, entries, done
        case entry, dnValue, attributesValue, attributes, value, list
        case encoded
        case skipping, rejecting, rejectingDN
    }

    /// How deep the brackets are between two entries: the object of the file and its list.
    private static let entriesDepth = 2

    let limits: EntryLimits
    private(set) var tally = EntryTally()

    /// The line of the next byte.
    var line: Int { tokenizer.line }

    private var tokenizer = JSONTokenizer()
    private var state = State.start
    private var hasEntries = false

    private var entry = Entry()
    private var hasAttributes = false
    private var attribute = 0
    private var ranges = RangeParts()
    private var fault: (reason: Rejection.Reason, message: String)?

    /// Where to go on after a skipped value, and at which depth.
    private var after = State.root
    private var skipDepth = 0

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
        case .entries: return takeItem(token, base: base)
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
        }
        return false
    }

    // MARK: - Around the entries

    private mutating func takeOuter(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, base: Int) throws(IntakeError) {
        switch (state, token.kind) {
        case (.start, .beginObject): state = .root
        case (.root, .key) where text.elementsEqual("entries".utf8):
            guard !hasEntries else { throw shapeFault(token, base, "\"entries\" once", "it a second time") }
            hasEntries = true
            state = .entriesValue
        case (.root, .key): skipValue(then: .root)
        case (.root, .endObject):
            guard hasEntries else { throw shapeFault(token, base, "the key \"entries\"", "the end of the object") }
            state = .done
        case (.entriesValue, .beginArray): state = .entries
        case (.start, _): throw shapeFault(token, base, "an object with the key \"entries\"", "\(token.kind)")
        default: throw shapeFault(token, base, "the list of entries", "\(token.kind)")
        }
    }

    private func shapeFault(_ token: JSONTokenizer.Token, _ base: Int, _ expected: String, _ found: String) -> IntakeError {
        IntakeError(
            code: .unknownShape, position: Position(line: tokenizer.line, byte: base + token.start),
            expected: expected, found: found)
    }

    /// The start of an entry, the end of the list, or something that is no entry.
    private mutating func takeItem(_ token: JSONTokenizer.Token, base: Int) -> Bool {
        if token.kind == .endArray {
            state = .root
            return false
        }
        entry.reset(at: Position(line: tokenizer.line, byte: base + token.start))
        ranges.reset()
        hasAttributes = false
        fault = nil
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
        } else {
            skipValue(then: .entry)
        }
        return false
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
        } else if tokenizer.depth == Self.entriesDepth + 1, token.kind == .key, text.elementsEqual("dn".utf8) {
            state = .rejectingDN
        }
        return tokenizer.depth == Self.entriesDepth
    }

    private mutating func deliver<S: EntrySink>(into sink: inout S) throws {
        state = .entries
        if fault == nil {
            if entry.dnRange?.isEmpty ?? true {
                fault = (.noDN, "there is no \"dn\"")
            } else if !hasAttributes {
                fault = (.noAttributes, "there are no \"attributes\"")
            }
        }
        try tally.deliver(&entry, fault: fault, ranges: ranges, into: &sink)
    }

    func finish<S: EntrySink>(bytes: Int, into sink: inout S) -> Proof {
        tally.proof(level: .wellFormed, bytes: bytes)
    }
}
