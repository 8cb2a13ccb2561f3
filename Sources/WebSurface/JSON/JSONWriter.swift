// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Writes a JSON text straight into a byte buffer, fields in the order of the calls.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object { user in
///     user.field("id", 7)
///     user.field("display_name", nil as String?)
///     user.array("accounts") { $0.object { $0.field("id", 1) } }
/// }
/// ```
package struct JSONWriter: Sendable {
    /// What has been written so far.
    package private(set) var buffer: ByteBuffer
    private var needsComma = false

    /// Makes a writer whose buffer starts with room for `capacity` bytes.
    package init(capacity: Int = 512) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    // MARK: - Structure

    /// Writes an object, as the whole text or as an element of an array.
    package mutating func object<E: Error>(_ fields: (inout JSONWriter) throws(E) -> Void) throws(E) {
        try enclosed(UInt8(ascii: "{"), UInt8(ascii: "}"), fields)
    }

    /// Writes an array, as the whole text or as an element of an array.
    package mutating func array<E: Error>(_ elements: (inout JSONWriter) throws(E) -> Void) throws(E) {
        try enclosed(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    /// Writes a field that is an object.
    package mutating func object<E: Error>(
        _ name: StaticString, _ fields: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        key(name)
        try object(fields)
    }

    /// Writes a field that is an array.
    package mutating func array<E: Error>(
        _ name: StaticString, _ elements: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        key(name)
        try array(elements)
    }

    // MARK: - Fields

    /// Writes a text field; nil is null.
    package mutating func field(_ name: StaticString, _ value: String?) {
        key(name)
        element(value)
    }

    /// Writes an integer field; nil is null.
    package mutating func field(_ name: StaticString, _ value: Int64?) {
        key(name)
        element(value)
    }

    /// Writes a boolean field; nil is null.
    package mutating func field(_ name: StaticString, _ value: Bool?) {
        key(name)
        element(value)
    }

    /// Writes a field with a value as a client sent it.
    package mutating func field(_ name: StaticString, _ value: JSONValue) {
        key(name)
        element(value)
    }

    /// Writes a field whose value is already JSON text, for example a `jsonb` column; nil is null.
    package mutating func field(_ name: StaticString, raw json: String?) {
        key(name)
        element(raw: json)
    }

    /// Writes a date such as `2026-01-31T09:15:00.000Z`; nil is null.
    package mutating func field(_ name: StaticString, microseconds: Int64?) {
        key(name)
        element(microseconds: microseconds)
    }

    /// Writes the name of a field that is known at run time only; its value must follow.
    package mutating func key(dynamic name: String) {
        separate()
        quoted(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func key(_ name: StaticString) {
        separate()
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    // MARK: - Elements

    /// Writes a text; nil is null.
    package mutating func element(_ value: String?) {
        guard let value else { return null() }
        separate()
        quoted(value)
    }

    /// Writes an integer; nil is null.
    package mutating func element(_ value: Int64?) {
        guard let value else { return null() }
        separate()
        decimal(value)
    }

    /// Writes a boolean; nil is null.
    package mutating func element(_ value: Bool?) {
        guard let value else { return null() }
        separate()
        buffer.writeStaticString(value ? "true" : "false")
    }

    /// Writes text that is already JSON, without the blanks that PostgreSQL writes between its parts; nil is null.
    package mutating func element(raw json: String?) {
        guard var json else { return null() }
        separate()
        json.withUTF8 { utf8 in
            var start = 0
            var isInString = false
            var at = 0
            while at < utf8.count {
                switch utf8[at] {
                case UInt8(ascii: "\""): isInString.toggle()
                case UInt8(ascii: "\\"): at += 1
                case UInt8(ascii: " ") where !isInString:
                    buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[start..<at]))
                    start = at + 1
                default: break
                }
                at += 1
            }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[start...]))
        }
    }

    /// Writes a date from microseconds since 1970, cut to milliseconds; nil is null.
    package mutating func element(microseconds: Int64?) {
        guard let microseconds else { return null() }
        separate()
        buffer.writeStaticString("\"")
        WireTimestamp.write(microseconds: microseconds, into: &buffer)
        buffer.writeStaticString("\"")
    }

    /// Writes a value as a client sent it.
    package mutating func element(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): element(value)
        case .integer(let value): element(value)
        case .decimal(let text): element(raw: text)
        case .string(let text): element(text)
        case .array(let elements): array { writer in for element in elements { writer.element(element) } }
        case .object(let object):
            self.object { writer in
                for (key, value) in object {
                    writer.key(dynamic: key)
                    writer.element(value)
                }
            }
        }
    }

    private mutating func null() {
        separate()
        buffer.writeStaticString("null")
    }

    // MARK: - Bytes

    private mutating func separate() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func enclosed<E: Error>(
        _ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        separate()
        buffer.writeInteger(open)
        needsComma = false
        try content(&self)
        buffer.writeInteger(close)
        needsComma = true
    }

    private mutating func decimal(_ value: Int64) {
        if value < 0 { buffer.writeInteger(UInt8(ascii: "-")) }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { bytes in
            var rest = value.magnitude
            var count = 0
            repeat {
                bytes[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
                count += 1
            } while rest > 0
            var digits = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
            digits.reverse()
            return count
        }
    }

    private mutating func quoted(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            buffer.writeInteger(UInt8(ascii: "\""))
            var start = 0
            for at in 0..<utf8.count where Self.mustEscape(utf8[at]) {
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[start..<at]))
                escape(utf8[at])
                start = at + 1
            }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[start...]))
            buffer.writeInteger(UInt8(ascii: "\""))
        }
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case 0x08: buffer.writeStaticString("\\b")
        case 0x09: buffer.writeStaticString("\\t")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0C: buffer.writeStaticString("\\f")
        case 0x0D: buffer.writeStaticString("\\r")
        default:
            buffer.writeStaticString("\\u00")
            for nibble in [byte >> 4, byte & 15] {
                buffer.writeInteger(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
            }
        }
    }
}
