// SPDX-License-Identifier: Apache-2.0

/// Reads LDIF (RFC 2849), content and change records, with what ldapsearch writes around them.
///
/// Lines may be folded anywhere, also in comments, names and base64; CRLF is as good as LF. Beyond the RFC, plain
/// values may be UTF-8, and content and change records may stand in one file. `name:< URL` rejects the entry. Where the
/// sink takes no changes, `changetype:` refuses the file, apart from `changetype: add`, as which ldifde writes its
/// exports. A search that did not end with `result: 0` refuses the file too. What the end of the file proves is
/// decided by `LDIFTrailer`.
struct LDIFReader: FormatReader {
    private enum Record: UInt8 {
        case none
        /// Began with `dn:`.
        case content
        /// Has a `changetype:` other than an addition.
        case change
        /// `search:`, `result:` and `ref:` of ldapsearch.
        case trailer
        /// Began with something else.
        case broken
    }

    let limits: EntryLimits
    private(set) var tally = EntryTally()

    private var trailer = LDIFTrailer()
    private(set) var line = 1
    private var record = Record.none
    private var hasContent = false
    private var takesChanges = false
    private var isUnterminated = false
    private var unfolded: [UInt8] = []
    private var decoded: [UInt8] = []

    private var entry = Entry()
    private var change = LDIFChange()
    private var ranges = RangeParts()
    private var fault: (reason: Rejection.Reason, message: String)?

    init(limits: EntryLimits) {
        self.limits = limits
    }

    /// Takes all whole lines, continuations included.
    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int {
        takesChanges = sink.takesChanges
        var index = 0
        while index < window.count {
            guard let end = lineEnd(window, from: index, isLast: isLast) else { return index }
            let text = UnsafeRawBufferPointer(rebasing: window[index..<end.text])
            let position = Position(line: line, byte: base + index)
            if text.isEmpty {
                line &+= isUnterminated ? 0 : 1
                index = end.next
                try endRecord(into: &sink)
            } else if end.next < window.count, window[end.next] == UInt8(ascii: " ") {
                guard let next = unfold(window, from: index, isLast: isLast) else { return index }
                index = next
                // Moved out while it is read, so that taking the line may change the rest of the reader.
                var whole: [UInt8] = []
                swap(&whole, &unfolded)
                try whole.withUnsafeBytes { try take($0, at: position) }
                swap(&whole, &unfolded)
            } else {
                guard end.next < window.count || isLast else { return index }
                line &+= isUnterminated ? 0 : 1
                index = end.next
                try take(text, at: position)
            }
        }
        return index
    }

    /// Where a line ends without its line end, and where the next begins; nothing where that is not known yet.
    @inline(__always)
    private mutating func lineEnd(
        _ window: UnsafeRawBufferPointer, from index: Int, isLast: Bool
    ) -> (text: Int, next: Int)? {
        let feed = PlainText.lineFeed(window, from: index)
        guard feed < window.count else {
            guard isLast else { return nil }
            isUnterminated = true
            return (feed, feed)
        }
        let hasReturn = feed > index && window[feed &- 1] == 0x0D
        return (hasReturn ? feed &- 1 : feed, feed &+ 1)
    }

    /// Joins a folded line in `unfolded` and returns where the next line begins.
    private mutating func unfold(_ window: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Int? {
        unfolded.removeAll(keepingCapacity: true)
        var index = start
        var count = 0
        while true {
            guard let end = lineEnd(window, from: index, isLast: isLast) else { return nil }
            unfolded.append(contentsOf: window[(index + (count > 0 ? 1 : 0))..<max(end.text, index + (count > 0 ? 1 : 0))])
            count += 1
            guard end.next < window.count || isLast else { return nil }
            guard end.next < window.count, window[end.next] == UInt8(ascii: " ") else {
                line += isUnterminated ? count - 1 : count
                return end.next
            }
            index = end.next
        }
    }

    // MARK: - Lines

    @inline(__always)
    private mutating func take(_ text: UnsafeRawBufferPointer, at position: Position) throws(IntakeError) {
        guard text[0] != UInt8(ascii: "#") else {
            if record == .none || record == .trailer { try trailer.comment(text, at: position, entries: tally.total) }
            return
        }
        var colon = 0
        while colon < text.count, NameForm.isNameByte[Int(text[colon])] { colon &+= 1 }
        guard colon > 0, colon < text.count, text[colon] == UInt8(ascii: ":") else {
            if record == .change, text.isBlank(after: "-") { return endPart(at: position) }
            return try noName(at: position)
        }
        let name = UnsafeRawBufferPointer(rebasing: text[..<colon])
        let rest = UnsafeRawBufferPointer(rebasing: text[(colon &+ 1)...])
        switch record {
        case .content: try takeAttribute(name, rest, at: position)
        case .change: takeChange(name, rest, at: position)
        case .none: try begin(name, rest, at: position)
        case .trailer: try trailer.line(name, Self.plain(rest), at: position, entries: tally.total)
        case .broken: break
        }
    }

    /// A line without `name:` in front.
    private mutating func noName(at position: Position) throws(IntakeError) {
        guard hasContent || trailer.isSeen else {
            throw IntakeError(code: .unknownShape, position: position, expected: "\"dn:\" or \"version:\"", found: "another line")
        }
        if record == .trailer { return }
        beginIfNeeded(.broken, at: position)
        reject(.wrongShape, "line \(position.line) has no \"name:\" in front")
    }

    /// The first line of a record.
    private mutating func begin(
        _ name: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, at position: Position
    ) throws(IntakeError) {
        if name.isName("dn") {
            beginIfNeeded(.content, at: position)
            return takeDN(rest)
        }
        if name.isName("search") || name.isName("result") || name.isName("ref") {
            record = .trailer
            return try trailer.line(name, Self.plain(rest), at: position, entries: tally.total)
        }
        if name.isName("version") {
            guard Self.plain(rest).elementsEqual("1".utf8) else {
                throw IntakeError(
                    code: .unknownShape, position: position, expected: "version 1 of LDIF", found: "another version")
            }
            return
        }
        guard hasContent || trailer.isSeen else {
            throw IntakeError(
                code: .unknownShape, position: position, expected: "\"dn:\" or \"version:\"", found: "another attribute")
        }
        beginIfNeeded(.broken, at: position)
        reject(.noDN, "the record does not begin with \"dn:\"")
    }

    private mutating func beginIfNeeded(_ kind: Record, at position: Position) {
        guard record == .none else { return }
        record = kind
        hasContent = true
        entry.reset(at: position)
        change.reset()
        ranges.reset()
        fault = nil
    }

    private mutating func takeDN(_ rest: UnsafeRawBufferPointer) {
        decoded.removeAll(keepingCapacity: true)
        guard decode(rest, "\"dn\"") else { return }
        decoded.withUnsafeBytes { entry.setDN($0) }
    }

    /// Appends a value to `decoded`; on false the record is rejected.
    private mutating func decode(_ rest: UnsafeRawBufferPointer, _ what: @autoclosure () -> String) -> Bool {
        if rest.first == UInt8(ascii: ":") {
            guard Base64.decode(Self.base64(rest), into: &decoded) else {
                reject(.badBase64, "\(what()) is not base64")
                return false
            }
        } else if rest.first == UInt8(ascii: "<") {
            reject(.urlValue, "\(what()) is a URL")
            return false
        } else {
            decoded.append(contentsOf: Self.plain(rest))
        }
        if decoded.withUnsafeBytes({ UTF8Check.isValid($0) }) { return true }
        reject(.badText, "\(what()) is not UTF-8")
        return false
    }

    @inline(__always)
    private mutating func takeAttribute(
        _ name: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, at position: Position
    ) throws(IntakeError) {
        guard fault == nil else { return }
        if name.count == 2, name.isName("dn") {
            return reject(.duplicateKey, "\"dn\" a second time in line \(position.line): no empty line before it")
        }
        if name.isName("changetype") { return try takeChangeType(rest, at: position) }
        if entry.attributes.isEmpty, name.isName("control") {
            if !change.takeControl(Self.plain(rest)) { reject(.wrongShape, "line \(position.line) is not a control") }
            return
        }
        guard change.controls.isEmpty || change.isAddition else {
            return reject(.wrongShape, "line \(position.line): \"changetype:\" expected behind \"control:\"")
        }
        guard isSmallEnough(name.count &+ rest.count) else { return }
        let attribute = open(name)
        guard entry.attributes.count <= limits.attributes else {
            return reject(.tooLarge, "more than \(limits.attributes) attributes")
        }
        takeValue(rest, of: attribute, at: position)
    }

    @inline(__always)
    private mutating func isSmallEnough(_ more: Int) -> Bool {
        if entry.cost &+ more <= limits.entryBytes { return true }
        reject(.tooLarge, "more than \(limits.entryBytes) bytes")
        return false
    }

    @inline(__always)
    private mutating func takeValue(_ rest: UnsafeRawBufferPointer, of attribute: Int, at position: Position) {
        switch rest.first {
        case UInt8(ascii: ":"):
            if !entry.append(base64: Self.base64(rest), to: attribute) {
                reject(.badBase64, "line \(position.line) is not base64")
            }
        case UInt8(ascii: "<"):
            reject(.urlValue, "line \(position.line) names a URL instead of a value")
        default:
            let value = Self.plain(rest)
            guard UTF8Check.isValid(value) else { return reject(.badText, "line \(position.line) is not UTF-8") }
            entry.append(value, kind: .text, to: attribute)
        }
    }

    @inline(__always)
    private mutating func open(_ name: UnsafeRawBufferPointer) -> Int {
        guard !name.contains(NameForm.semicolon) else {
            let attribute = entry.findOrAdd(name)
            _ = ranges.note(name, attribute: attribute)
            return attribute
        }
        let key = NameForm.key(name)
        return entry.find(name, key: key) ?? entry.add(name, key: key)
    }

    private mutating func reject(_ reason: Rejection.Reason, _ message: String) {
        if fault == nil { fault = (reason, message) }
    }

    private mutating func endRecord<S: EntrySink>(into sink: inout S) throws {
        let ended = record
        record = .none
        switch ended {
        case .none: break
        case .change: try endChange(into: &sink)
        case .trailer: trailer.recordEnded()
        case .content, .broken:
            if change.isAddition, takesChanges { return try endChange(into: &sink) }
            if fault == nil, entry.dnRange?.isEmpty ?? true { fault = (.noDN, "\"dn\" is empty") }
            if fault == nil, entry.attributes.isEmpty, !change.controls.isEmpty {
                fault = (.wrongShape, "a control without a change")
            }
            if fault == nil, change.isAddition { tally.noteAddition() }
            try tally.deliver(&entry, fault: fault, ranges: ranges, into: &sink)
        }
    }

    // MARK: - Change records

    private mutating func takeChangeType(_ rest: UnsafeRawBufferPointer, at position: Position) throws(IntakeError) {
        let kind = LDIFChange.Kind(Self.plain(rest))
        guard takesChanges || kind == .add else {
            throw IntakeError(
                code: .changeRecords, position: position, expected: "what is there (an export)",
                found: "a change record (changetype:), which says what to do")
        }
        guard let kind else {
            return reject(
                .wrongShape, "line \(position.line): add, delete, modify, modrdn or moddn expected behind \"changetype:\"")
        }
        guard entry.attributes.isEmpty, change.kind == nil else {
            return reject(.wrongShape, "line \(position.line): \"changetype:\" expected right behind \"dn:\"")
        }
        change.kind = kind
        if kind != .add { record = .change }
    }

    private mutating func takeChange(_ name: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, at position: Position) {
        guard fault == nil, isSmallEnough(name.count &+ rest.count) else { return }
        let line: LDIFChange.Line
        switch change.kind {
        case .modify where change.openPart == nil:
            line = change.begin(name, Self.plain(rest), in: &entry)
            if entry.attributes.count > limits.attributes { reject(.tooLarge, "more than \(limits.attributes) parts") }
        case .modify: line = change.value(name, of: entry)
        case .rename:
            decoded.removeAll(keepingCapacity: true)
            guard decode(rest, "line \(position.line)") else { return }
            line = change.takeRename(name, decoded)
        case .delete, .add, nil: line = .wrong("the end of the record")
        }
        switch line {
        case .done: break
        case .value(let attribute): takeValue(rest, of: attribute, at: position)
        case .wrong(let expected): reject(.wrongShape, "line \(position.line): \(expected) expected")
        }
    }

    private mutating func endPart(at position: Position) {
        guard fault == nil else { return }
        if case .wrong(let expected) = change.endPart(of: entry) {
            reject(.wrongShape, "line \(position.line): \(expected) expected")
        }
    }

    private mutating func endChange<S: EntrySink>(into sink: inout S) throws {
        if fault == nil, entry.dnRange?.isEmpty ?? true { fault = (.noDN, "\"dn\" is empty") }
        if fault == nil, case .wrong(let expected) = change.end(of: entry) {
            fault = (.wrongShape, "\(expected) expected before the end of the record")
        }
        // Moved out and back, so that the arena is not copied.
        var whole = EntryChange()
        change.move(into: &whole, &entry)
        defer { change.move(back: &whole, &entry) }
        try tally.deliver(whole, fault: fault, into: &sink)
    }

    // MARK: - The end

    mutating func finish<S: EntrySink>(bytes: Int, into sink: inout S) throws -> Proof {
        let end = Position(line: line, byte: bytes)
        let isOpen = record == .content || record == .change || record == .broken
        if isOpen, isUnterminated {
            throw IntakeError(
                code: .truncated, position: end, expected: "the end of the line and of the record", found: "the end of the file")
        }
        try endRecord(into: &sink)
        let verdict = try trailer.verdict(entries: tally.total, isOpen: isOpen, at: end)
        return tally.proof(level: verdict.level, bytes: bytes, notes: verdict.notes)
    }
}
