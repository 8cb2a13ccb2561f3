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

    enum Expectation: UInt8 {
        case value, valueOrEnd, keyOrEnd, key, colon, commaOrEnd, nothing
    }

    static let depthLimit = 128

    /// The line of the next byte, counted from 1.
    private(set) var line = 1
    /// How many containers are open, the one of the last token included where it began one.
    private(set) var depth = 0
    /// Whether another document may follow, as in NDJSON.
    var allowsSequence = false
    /// The text of the last token, if `isUnescaped`.
    var scratch: [UInt8] = []

    /// One bit per open container, 1 for an object; the lowest is the innermost.
    var containers: UInt128 = 0
    var expectation = Expectation.value

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
            case .nothing where allowsSequence:
                expectation = .value
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
}
