// SPDX-License-Identifier: Apache-2.0

/// Cuts JSON (RFC 8259) into tokens and holds to its grammar, over a window that moves along the file.
///
/// A value-type machine without a document: it keeps only which containers are open. When a token is cut by the end
/// of the window, it asks for more and begins again at that token. Strict: UTF-8 without exception, at most 128
/// containers in each other. Half a surrogate pair is no text, but its escape is grammar: the token is marked damaged.
/// Keys may repeat, which is for the reader of the shape to judge.
struct JSONTokenizer {
    enum Kind: UInt8 {
        case beginObject, endObject, beginArray, endArray
        case key, string, number, `true`, `false`, null
    }

    /// A token in the window, or in `scratch` where it had escapes.
    struct Token {
        var kind: Kind
        var start: Int
        var end: Int
        var isUnescaped = false
        var isDamaged = false
    }

    enum Step {
        case token(Token)
        case needMore
        case end
    }

    private enum Expectation: UInt8 {
        case value, valueOrEnd, keyOrEnd, key, colon, commaOrEnd, nothing
    }

    static let depthLimit = 128

    /// The line of the next byte, counted from 1.
    private(set) var line = 1
    /// How many containers are open, the one of the last token included where it began one.
    private(set) var depth = 0
    /// The text of the last token, if `isUnescaped`.
    private(set) var scratch: [UInt8] = []

    /// One bit per open container, 1 for an object; the lowest is the innermost.
    private var containers: UInt128 = 0
    private var expectation = Expectation.value

    /// The next token of the window.
    ///
    /// - Parameters:
    ///   - index: where to go on; moved behind the token, or to the start of one that is not whole.
    ///   - base: the byte of the file at which the window begins.
    ///   - isLast: whether the window reaches to the end of the file.
    mutating func next(
        _ window: UnsafeRawBufferPointer, at index: inout Int, base: Int, isLast: Bool
    ) throws(IntakeError) -> Step {
        while true {
            skipBlanks(window, &index)
            guard index < window.count else {
                guard isLast else { return .needMore }
                guard expectation == .nothing else { throw fault(.truncated, at: base + index, "the end of the file") }
                return .end
            }
            let byte = window[index]
            switch expectation {
            case .commaOrEnd:
                if byte == UInt8(ascii: ",") {
                    expectation = containers & 1 == 1 ? .key : .value
                    index &+= 1
                    continue
                }
                return .token(try close(byte, &index, base: base))
            case .colon:
                guard byte == UInt8(ascii: ":") else { throw unexpected(byte, at: base + index) }
                expectation = .value
                index &+= 1
            case .key, .keyOrEnd:
                if byte == UInt8(ascii: "\"") {
                    guard let token = try string(window, &index, base: base, isLast: isLast, kind: .key) else {
                        return .needMore
                    }
                    expectation = .colon
                    if index < window.count, window[index] == UInt8(ascii: ":") {
                        expectation = .value
                        index &+= 1
                    }
                    return .token(token)
                }
                guard expectation == .keyOrEnd else { throw unexpected(byte, at: base + index) }
                return .token(try close(byte, &index, base: base))
            case .value, .valueOrEnd:
                return try value(window, &index, base: base, isLast: isLast)
            case .nothing:
                throw fault(.trailingBytes, at: base + index, IntakeError.name(byte))
            }
        }
    }

    // MARK: - Blanks and containers

    @inline(__always)
    private mutating func skipBlanks(_ window: UnsafeRawBufferPointer, _ index: inout Int) {
        while index < window.count {
            switch window[index] {
            case 0x0A:
                line &+= 1
                index &+= 1
                // Indentation, eight at a time.
                while index &+ 8 <= window.count,
                    window.loadUnaligned(fromByteOffset: index, as: UInt64.self) == 0x2020_2020_2020_2020
                {
                    index &+= 8
                }
            case 0x20, 0x0D, 0x09: index &+= 1
            default: return
            }
        }
    }

    private mutating func open(_ kind: Kind, _ index: inout Int, base: Int) throws(IntakeError) -> Token {
        guard depth < Self.depthLimit else {
            throw IntakeError(
                code: .tooDeep, position: Position(line: line, byte: base + index),
                expected: "at most \(Self.depthLimit) brackets in each other", found: "one more")
        }
        depth &+= 1
        let isObject = kind == .beginObject
        containers = containers &<< 1 | (isObject ? 1 : 0)
        expectation = isObject ? .keyOrEnd : .valueOrEnd
        index &+= 1
        return Token(kind: kind, start: index &- 1, end: index)
    }

    private mutating func close(_ byte: UInt8, _ index: inout Int, base: Int) throws(IntakeError) -> Token {
        let isObject = containers & 1 == 1
        guard depth > 0, byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw unexpected(byte, at: base + index)
        }
        depth &-= 1
        containers &>>= 1
        valueEnded()
        index &+= 1
        return Token(kind: isObject ? .endObject : .endArray, start: index &- 1, end: index)
    }

    @inline(__always)
    private mutating func valueEnded() {
        expectation = depth == 0 ? .nothing : .commaOrEnd
    }

    // MARK: - Values

    private mutating func value(
        _ window: UnsafeRawBufferPointer, _ index: inout Int, base: Int, isLast: Bool
    ) throws(IntakeError) -> Step {
        let byte = window[index]
        switch byte {
        case UInt8(ascii: "\""):
            guard let token = try string(window, &index, base: base, isLast: isLast, kind: .string) else { return .needMore }
            valueEnded()
            return .token(token)
        case UInt8(ascii: "{"): return .token(try open(.beginObject, &index, base: base))
        case UInt8(ascii: "["): return .token(try open(.beginArray, &index, base: base))
        case UInt8(ascii: "]") where expectation == .valueOrEnd: return .token(try close(byte, &index, base: base))
        case UInt8(ascii: "t"): return try literal("true", .true, window, &index, base: base, isLast: isLast)
        case UInt8(ascii: "f"): return try literal("false", .false, window, &index, base: base, isLast: isLast)
        case UInt8(ascii: "n"): return try literal("null", .null, window, &index, base: base, isLast: isLast)
        case UInt8(ascii: "-"), 0x30...0x39: return try number(window, &index, base: base, isLast: isLast)
        default: throw unexpected(byte, at: base + index)
        }
    }

    private mutating func literal(
        _ text: StaticString, _ kind: Kind, _ window: UnsafeRawBufferPointer, _ index: inout Int, base: Int, isLast: Bool
    ) throws(IntakeError) -> Step {
        var offset = 0
        while offset < text.utf8CodeUnitCount {
            guard index &+ offset < window.count else {
                guard isLast else { return .needMore }
                throw fault(.truncated, at: base + window.count, "the end of the file")
            }
            guard window[index &+ offset] == text.utf8Start[offset] else {
                throw IntakeError(
                    code: .malformedJSON, position: Position(line: line, byte: base + index + offset),
                    expected: "\(text)", found: IntakeError.name(window[index + offset]))
            }
            offset &+= 1
        }
        let token = Token(kind: kind, start: index, end: index &+ offset)
        index &+= offset
        valueEnded()
        return .token(token)
    }

    private mutating func number(
        _ window: UnsafeRawBufferPointer, _ index: inout Int, base: Int, isLast: Bool
    ) throws(IntakeError) -> Step {
        var scan = NumberScan()
        var end = index
        while end < window.count, scan.takes(window[end]) { end &+= 1 }
        if end == window.count, !isLast { return .needMore }
        guard scan.isWhole else {
            guard end < window.count else { throw fault(.truncated, at: base + end, "the end of the file") }
            throw IntakeError(
                code: .malformedJSON, position: Position(line: line, byte: base + end), expected: "a digit",
                found: IntakeError.name(window[end]))
        }
        let token = Token(kind: .number, start: index, end: end)
        index = end
        valueEnded()
        return .token(token)
    }

    // MARK: - Text

    @inline(__always)
    private mutating func string(
        _ window: UnsafeRawBufferPointer, _ index: inout Int, base: Int, isLast: Bool, kind: Kind
    ) throws(IntakeError) -> Token? {
        let start = index &+ 1
        let end = PlainText.run(window, from: start)
        if end < window.count, window[end] == UInt8(ascii: "\"") {
            index = end &+ 1
            return Token(kind: kind, start: start, end: end)
        }
        return try longString(window, &index, base: base, isLast: isLast, kind: kind, from: end)
    }

    /// Text with escapes or beyond ASCII, or cut by the end of the window.
    private mutating func longString(
        _ window: UnsafeRawBufferPointer, _ index: inout Int, base: Int, isLast: Bool, kind: Kind, from: Int
    ) throws(IntakeError) -> Token? {
        var token = Token(kind: kind, start: index &+ 1, end: from)
        /// Up to where the window is copied to `scratch`, if it is.
        var copied = token.start
        var at = from
        while at < window.count {
            let byte = window[at]
            if byte == UInt8(ascii: "\"") {
                if token.isUnescaped { scratch.append(contentsOf: window[copied..<at]) }
                token.end = at
                index = at &+ 1
                return token
            } else if byte >= 0x80 {
                let length = UTF8Check.sequence(window, at: at)
                guard length != 0 else { throw notUTF8(byte, at: base + at) }
                if length < 0 { break }
                at &+= length
            } else if byte == UInt8(ascii: "\\") {
                if !token.isUnescaped { scratch.removeAll(keepingCapacity: true) }
                token.isUnescaped = true
                scratch.append(contentsOf: window[copied..<at])
                guard let (length, scalar) = try escape(window, at: at, base: base) else { break }
                token.isDamaged = token.isDamaged || scalar == nil
                scratch.append(contentsOf: UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
                at &+= length
                copied = at
            } else if byte < 0x20 {
                throw IntakeError(
                    code: .malformedJSON, position: Position(line: line, byte: base + at),
                    expected: "text or its closing quotation mark", found: IntakeError.name(byte))
            }
            at = PlainText.run(window, from: at)
        }
        guard isLast else { return nil }
        throw IntakeError(
            code: .truncated, position: Position(line: line, byte: base + window.count),
            expected: "the closing quotation mark of the text that begins at byte \(base + index)", found: "the end of the file")
    }

    /// An escape: its length and what it stands for, no scalar for half a pair; nothing where it is cut.
    private func escape(
        _ window: UnsafeRawBufferPointer, at: Int, base: Int
    ) throws(IntakeError) -> (length: Int, scalar: Unicode.Scalar?)? {
        guard at + 1 < window.count else { return nil }
        switch window[at + 1] {
        case UInt8(ascii: "\""): return (2, "\"")
        case UInt8(ascii: "\\"): return (2, "\\")
        case UInt8(ascii: "/"): return (2, "/")
        case UInt8(ascii: "b"): return (2, "\u{8}")
        case UInt8(ascii: "f"): return (2, "\u{C}")
        case UInt8(ascii: "n"): return (2, "\n")
        case UInt8(ascii: "r"): return (2, "\r")
        case UInt8(ascii: "t"): return (2, "\t")
        case UInt8(ascii: "u"): break
        default: throw badEscape(window[at + 1], at: base + at + 1)
        }
        guard let first = try codeUnit(window, at: at + 2, base: base) else { return nil }
        guard first & 0xFC00 == 0xD800 else { return (6, Unicode.Scalar(first)) }
        // The first half of a pair: the second must follow, as an escape too.
        guard at + 6 < window.count else { return nil }
        guard window[at + 6] == UInt8(ascii: "\\") else { return (6, nil) }
        guard at + 7 < window.count else { return nil }
        guard window[at + 7] == UInt8(ascii: "u") else { return (6, nil) }
        guard let second = try codeUnit(window, at: at + 8, base: base) else { return nil }
        guard second & 0xFC00 == 0xDC00 else { return (6, nil) }
        return (12, Unicode.Scalar(0x10000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))))
    }

    private func codeUnit(_ window: UnsafeRawBufferPointer, at: Int, base: Int) throws(IntakeError) -> UInt16? {
        var unit: UInt16 = 0
        for offset in 0..<4 {
            guard at + offset < window.count else { return nil }
            guard let digit = Hex.digit(window[at + offset]) else { throw badEscape(window[at + offset], at: base + at + offset) }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}

// MARK: - Faults

extension JSONTokenizer {
    private func unexpected(_ byte: UInt8, at position: Int) -> IntakeError {
        fault(.malformedJSON, at: position, IntakeError.name(byte))
    }

    private func fault(_ code: IntakeError.Code, at byte: Int, _ found: String) -> IntakeError {
        let expected =
            switch expectation {
            case .value: "a value"
            case .valueOrEnd: "a value or \"]\""
            case .keyOrEnd: "a key or \"}\""
            case .key: "a key"
            case .colon: "\":\""
            case .commaOrEnd: containers & 1 == 1 ? "\",\" or \"}\"" : "\",\" or \"]\""
            case .nothing: "the end of the file"
            }
        return IntakeError(code: code, position: Position(line: line, byte: byte), expected: expected, found: found)
    }

    private func badEscape(_ byte: UInt8, at position: Int) -> IntakeError {
        IntakeError(
            code: .malformedJSON, position: Position(line: line, byte: position),
            expected: "an escape of JSON after \"\\\"", found: IntakeError.name(byte))
    }

    private func notUTF8(_ byte: UInt8, at position: Int) -> IntakeError {
        IntakeError(
            code: .notUTF8, position: Position(line: line, byte: position), expected: "UTF-8", found: IntakeError.name(byte))
    }
}

extension IntakeError {
    /// A byte for a message: itself where it can be printed, otherwise its number.
    static func name(_ byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "\"\(Unicode.Scalar(byte))\"" }
        var hex: [UInt8] = []
        Hex.append(byte, to: &hex)
        return "byte 0x" + String(decoding: hex, as: UTF8.self)
    }
}
