// SPDX-License-Identifier: Apache-2.0

/// Reads content records of LDIF (RFC 2849), with what ldapsearch writes around them.
///
/// Lines may be folded anywhere, also in comments, names and base64; CRLF is as good as LF. Beyond the RFC, plain
/// values may be UTF-8. `name:< URL` rejects the entry, `changetype:` refuses the file, as does a search that did
/// not end with `result: 0`. What the end of the file proves is decided by `LDIFTrailer`.
struct LDIFReader: FormatReader {
    private enum Record: UInt8 {
        case none
        /// Began with `dn:`.
        case content
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
    private var isUnterminated = false
    private var unfolded: [UInt8] = []
    private var decoded: [UInt8] = []

    private var entry = Entry()
    private var ranges = RangeParts()
    private var fault: (reason: Rejection.Reason, message: String)?

    init(limits: EntryLimits) {
        self.limits = limits
    }

    /// Takes all whole lines, continuations included.
    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int {
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
            return try noName(at: position)
        }
        let name = UnsafeRawBufferPointer(rebasing: text[..<colon])
        let rest = UnsafeRawBufferPointer(rebasing: text[(colon &+ 1)...])
        switch record {
        case .content: try takeAttribute(name, rest, at: position)
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
        ranges.reset()
        fault = nil
    }

    private mutating func takeDN(_ rest: UnsafeRawBufferPointer) {
        decoded.removeAll(keepingCapacity: true)
        if rest.first == UInt8(ascii: ":") {
            guard Base64.decode(Self.base64(rest), into: &decoded) else { return reject(.badBase64, "\"dn\" is not base64") }
        } else if rest.first == UInt8(ascii: "<") {
            return reject(.urlValue, "\"dn\" is a URL")
        } else {
            decoded.append(contentsOf: Self.plain(rest))
        }
        guard decoded.withUnsafeBytes({ UTF8Check.isValid($0) }) else { return reject(.badText, "\"dn\" is not UTF-8") }
        decoded.withUnsafeBytes { entry.setDN($0) }
    }

    @inline(__always)
    private mutating func takeAttribute(
        _ name: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, at position: Position
    ) throws(IntakeError) {
        guard fault == nil else { return }
        if name.count == 2, name.isName("dn") {
            return reject(.duplicateKey, "\"dn\" a second time in line \(position.line): no empty line before it")
        }
        if name.isName("changetype") || (entry.attributes.isEmpty && name.isName("control")) {
            throw IntakeError(
                code: .changeRecords, position: position, expected: "what is there (an export)",
                found: "a change record (changetype:), which says what to do")
        }
        guard entry.cost &+ name.count &+ rest.count <= limits.entryBytes else {
            return reject(.tooLarge, "more than \(limits.entryBytes) bytes")
        }
        let attribute = open(name)
        guard entry.attributes.count <= limits.attributes else {
            return reject(.tooLarge, "more than \(limits.attributes) attributes")
        }
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
        case .trailer: trailer.recordEnded()
        case .content, .broken:
            if fault == nil, entry.dnRange?.isEmpty ?? true { fault = (.noDN, "\"dn\" is empty") }
            try tally.deliver(&entry, fault: fault, ranges: ranges, into: &sink)
        }
    }

    // MARK: - The end

    mutating func finish<S: EntrySink>(bytes: Int, into sink: inout S) throws -> Proof {
        let end = Position(line: line, byte: bytes)
        let isOpen = record == .content || record == .broken
        if isOpen, isUnterminated {
            throw IntakeError(
                code: .truncated, position: end, expected: "the end of the line and of the record", found: "the end of the file")
        }
        try endRecord(into: &sink)
        let verdict = try trailer.verdict(entries: tally.total, isOpen: isOpen, at: end)
        return tally.proof(level: verdict.level, bytes: bytes, notes: verdict.notes)
    }

    // MARK: - Values

    /// A plain value without the blanks before it.
    @inline(__always)
    private static func plain(_ rest: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        while start < rest.count, rest[start] == UInt8(ascii: " ") { start &+= 1 }
        return UnsafeRawBufferPointer(rebasing: rest[start...])
    }

    /// A base64 value without the second colon and the blanks around it.
    private static func base64(_ rest: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var value = plain(UnsafeRawBufferPointer(rebasing: rest.dropFirst()))
        while value.last == UInt8(ascii: " ") { value = UnsafeRawBufferPointer(rebasing: value.dropLast()) }
        return value
    }
}

extension UnsafeRawBufferPointer {
    /// Whether this is a name, given in lower case, without regard to ASCII case.
    @inline(__always)
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        for index in 0..<count where NameForm.lower(self[index]) != name.utf8Start[index] { return false }
        return true
    }
}
