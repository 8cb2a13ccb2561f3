// SPDX-License-Identifier: Apache-2.0

/// Text in JSON: quotation marks, escapes, UTF-8.
extension JSONTokenizer {
    @inline(__always)
    mutating func string(
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
