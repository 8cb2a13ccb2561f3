// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON.
package enum JSONSyntaxError: Error, Equatable, Sendable {
    /// The text breaks the grammar at this byte.
    case malformed(byte: Int)
    /// Arrays and objects are nested deeper than the limit.
    case tooDeep
}

/// A strict JSON parser (RFC 8259) that rounds no number.
///
/// Ours and not Foundation's, because that one turns decimals into doubles, hides duplicate keys and accepts more than
/// the grammar. A leading byte order mark is skipped; invalid UTF-8 and unpaired surrogates are refused.
package struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private var at = 0
    private var depth = 0
    /// A U+0000 or an outlandish number was seen: values need a look before they are stored.
    private var needsScrutiny = false

    /// A parsed document.
    package struct Document: Sendable {
        package let value: JSONValue
        /// True when some value may not be storable, see ``JSONValue/isStorable``.
        package let needsScrutiny: Bool
    }

    /// Parses one JSON text.
    package static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 100
    ) throws(JSONSyntaxError) -> Document {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.at = 3 }
        parser.skipBlanks()
        let value = try parser.value()
        parser.skipBlanks()
        guard parser.at == bytes.count else { throw parser.malformed }
        return Document(value: value, needsScrutiny: parser.needsScrutiny)
    }

    /// Parses one JSON text given as bytes.
    package static func parse(_ bytes: [UInt8], maximumDepth: Int = 100) throws(JSONSyntaxError) -> Document {
        let result: Result<Document, JSONSyntaxError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONSyntaxError) {
                return .success(try parse(buffer, maximumDepth: maximumDepth))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    private var malformed: JSONSyntaxError { .malformed(byte: at) }
    /// The byte at the cursor; 0, which no JSON text has outside strings, at the end.
    private var current: UInt8 { at < bytes.count ? bytes[at] : 0 }

    private mutating func skipBlanks() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        switch current {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.count - at >= expected.count, bytes[at..<at + expected.count].elementsEqual(expected) else {
            throw malformed
        }
        at += expected.count
        return value
    }

    private mutating func enter() throws(JSONSyntaxError) {
        at += 1
        depth += 1
        guard depth <= maximumDepth else { throw .tooDeep }
        skipBlanks()
    }

    /// Steps over a comma (true) or the closing bracket (false).
    private mutating func another(until close: UInt8) throws(JSONSyntaxError) -> Bool {
        skipBlanks()
        if current == close {
            leave()
            return false
        }
        guard current == UInt8(ascii: ",") else { throw malformed }
        at += 1
        skipBlanks()
        return true
    }

    private mutating func leave() {
        at += 1
        depth -= 1
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONObject {
        try enter()
        var object = JSONObject()
        if current == UInt8(ascii: "}") {
            leave()
            return object
        }
        repeat {
            guard current == UInt8(ascii: "\"") else { throw malformed }
            let key = try string()
            skipBlanks()
            guard current == UInt8(ascii: ":") else { throw malformed }
            at += 1
            skipBlanks()
            object[key] = try value()
        } while try another(until: UInt8(ascii: "}"))
        return object
    }

    private mutating func array() throws(JSONSyntaxError) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            leave()
            return elements
        }
        repeat { elements.append(try value()) } while try another(until: UInt8(ascii: "]"))
        return elements
    }

    // MARK: - Numbers

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = at
        if current == UInt8(ascii: "-") { at += 1 }
        if current == UInt8(ascii: "0") { at += 1 } else { try digits() }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            try digits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        let written = UnsafeBufferPointer(rebasing: bytes[start..<at])
        let text = String(decoding: written, as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        if !DecimalText.isModest(written) { needsScrutiny = true }
        return .decimal(text)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = at
        while current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") { at += 1 }
        guard at > start else { throw malformed }
    }

    // MARK: - Strings

    private mutating func string() throws(JSONSyntaxError) -> String {
        at += 1
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                let text = try valid(UnsafeBufferPointer(rebasing: bytes[start..<at]))
                at += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw malformed }
            at += 1
        }
        throw malformed
    }

    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var text = Array(bytes[start..<at])
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                let string = try text.withUnsafeBufferPointer(valid)
                at += 1
                return string
            }
            guard byte >= 0x20 else { throw malformed }
            at += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        throw malformed
    }

    private func valid(_ utf8: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) -> String {
        guard let string = String(validating: utf8, as: UTF8.self) else { throw malformed }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        let kind = current
        at += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw malformed
        }
    }

    private mutating func escapedScalar() throws(JSONSyntaxError) -> Character {
        var code = try hexQuad()
        if code & 0xFC00 == 0xD800, current == UInt8(ascii: "\\") {
            at += 1
            guard current == UInt8(ascii: "u") else { throw malformed }
            at += 1
            let low = try hexQuad()
            guard low & 0xFC00 == 0xDC00 else { throw malformed }
            code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
        }
        if code == 0 { needsScrutiny = true }
        guard let scalar = Unicode.Scalar(code) else { throw malformed }
        return Character(scalar)
    }

    private mutating func hexQuad() throws(JSONSyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Hexadecimal.value(of: current) else { throw malformed }
            code = code << 4 | UInt32(digit)
            at += 1
        }
        return code
    }
}

/// Hexadecimal digits, for JSON escapes and percent-encoding.
enum Hexadecimal {
    static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
