// SPDX-License-Identifier: Apache-2.0

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresType: PostgresType { Element.arrayType }

    package func encode(into buffer: inout [UInt8]) { Element.encodeArray(self, into: &buffer) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> [Element] {
        try Element.decodeArray(from: cell)
    }
}

extension UInt8: PostgresArrayElement {
    package static var arrayType: PostgresType { .bytea }

    package static func encodeArray(_ values: [UInt8], into buffer: inout [UInt8]) { buffer.append(contentsOf: values) }

    package static func decodeArray(from cell: PostgresCell) throws(PostgresCell.Failure) -> [UInt8] {
        guard cell.type == PostgresType.bytea.oid else { throw .type(expected: "[UInt8]") }
        return [UInt8](try cell.value())
    }
}

extension Array: PostgresScalar where Element == UInt8 {}

extension Array: PostgresArrayElement where Element == UInt8 {}

extension Optional: PostgresArrayElement where Wrapped: PostgresScalar {
    package static var arrayType: PostgresType { Wrapped.postgresType.array }

    package static func encodeArray(_ values: [Wrapped?], into buffer: inout [UInt8]) {
        BinaryArray.encode(values, into: &buffer)
    }

    package static func decodeArray(from cell: PostgresCell) throws(PostgresCell.Failure) -> [Wrapped?] {
        try BinaryArray.decode(Wrapped?.self, from: cell)
    }
}

extension PostgresArrayElement where Self: PostgresScalar {
    package static var arrayType: PostgresType { postgresType.array }

    package static func encodeArray(_ values: [Self], into buffer: inout [UInt8]) {
        BinaryArray.encode(values, into: &buffer)
    }

    package static func decodeArray(from cell: PostgresCell) throws(PostgresCell.Failure) -> [Self] {
        try BinaryArray.decode(Self.self, from: cell)
    }
}

/// The binary form of one-dimensional arrays: dimensions, null flag, element type, (length, lower bound), elements.
enum BinaryArray {
    static func encode<Element: PostgresEncodable>(_ values: [Element], into buffer: inout [UInt8]) {
        buffer.appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        buffer.appendBigEndian(Int32(values.contains { $0.isNull } ? 1 : 0))
        buffer.appendBigEndian(Element.postgresType.oid)
        if values.isEmpty { return }
        buffer.appendBigEndian(Int32(values.count))
        buffer.appendBigEndian(Int32(1))
        for value in values {
            if value.isNull {
                buffer.appendBigEndian(Int32(-1))
                continue
            }
            let start = buffer.count
            buffer.appendBigEndian(Int32(0))
            value.encode(into: &buffer)
            buffer.replaceInt32(at: start, with: Int32(buffer.count - start - 4))
        }
    }

    static func decode<Element: PostgresDecodable>(
        _: Element.Type, from cell: PostgresCell
    ) throws(PostgresCell.Failure) -> [Element] {
        var reader = ByteReader(bytes: try cell.value())
        guard let dimensions = reader.int32(), reader.int32() != nil, let elementType = reader.int32() else {
            throw .type(expected: "an array")
        }
        let type = UInt32(bitPattern: elementType)
        // Anything but an array would be misread here: a text of twelve bytes has "dimensions" too.
        guard PostgresType.isArray(cell.type, of: type) else { throw .type(expected: "[\(Element.self)]") }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = reader.int32(), count >= 0, reader.int32() != nil else {
            throw .malformed("an array of \(dimensions) dimensions")
        }
        var values: [Element] = []
        values.reserveCapacity(min(Int(count), reader.remaining / 4))
        for _ in 0..<count {
            guard let length = reader.int32() else { throw .malformed("an array that ends early") }
            if length < 0 {
                values.append(try Element.decode(from: PostgresCell(type: type, bytes: nil)))
            } else {
                guard let bytes = reader.bytes(Int(length)) else { throw .malformed("an array that ends early") }
                values.append(try Element.decode(from: PostgresCell(type: type, bytes: bytes)))
            }
        }
        return values
    }
}

/// Reads big-endian fields off the front of some bytes.
private struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - offset }

    mutating func int32() -> Int32? {
        guard remaining >= 4 else { return nil }
        defer { offset += 4 }
        return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard remaining >= count else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}

extension PostgresType {
    /// Whether `array` is the array type of `element`.
    static func isArray(_ array: UInt32, of element: UInt32) -> Bool {
        arrayOf.contains { $0.array == array && $0.element == element }
    }

    private static let arrayOf: [(array: UInt32, element: UInt32)] = [
        bool, bytea, name, int8, int2, int4, text, json, float4, float8, bpchar, varchar, timestamptz, uuid, jsonb,
    ].map { ($0.arrayOID, $0.oid) }
}
