// SPDX-License-Identifier: Apache-2.0

/// A value that can be bound to a statement, in the server's binary format.
package protocol PostgresEncodable: Sendable {
    /// The type the value is bound as.
    static var postgresType: PostgresType { get }
    /// Whether the value is NULL, in which case nothing is encoded.
    var isNull: Bool { get }
    /// Appends the value's binary form.
    func encode(into buffer: inout [UInt8])
}

extension PostgresEncodable {
    package var isNull: Bool { false }
}

/// A value that can be read out of a column in the server's binary format.
package protocol PostgresDecodable: Sendable {
    /// Reads the value; throws what is wrong with the cell.
    static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Self
}

/// A type of the server that is not an array.
package protocol PostgresScalar: PostgresEncodable, PostgresDecodable, PostgresArrayElement {}

/// What an array of the server may hold.
///
/// `UInt8` is one too, so that `[UInt8]` is `bytea` and not an array.
package protocol PostgresArrayElement: Sendable {
    /// The type of the array.
    static var arrayType: PostgresType { get }
    /// Appends the binary form of the whole array.
    static func encodeArray(_ values: [Self], into buffer: inout [UInt8])
    /// Reads the whole array.
    static func decodeArray(from cell: PostgresCell) throws(PostgresCell.Failure) -> [Self]
}

/// The bytes of one column in one row, valid only while they are being decoded.
package struct PostgresCell {
    /// Why a cell cannot be read.
    package enum Failure: Error, Sendable, Hashable {
        /// The column is NULL and the type is not optional.
        case null
        /// The column has another type than the one asked for.
        case type(expected: String)
        /// The bytes do not make a value of the type.
        case malformed(String)
    }

    /// The type of the column.
    package let type: UInt32
    /// The bytes, or nil for NULL.
    package let bytes: UnsafeRawBufferPointer?

    /// The bytes, where NULL is a failure.
    func value() throws(Failure) -> UnsafeRawBufferPointer {
        guard let bytes else { throw .null }
        return bytes
    }

    /// A big-endian integer of exactly its size.
    func integer<T: FixedWidthInteger>(_: T.Type) throws(Failure) -> T {
        let bytes = try value()
        guard bytes.count == MemoryLayout<T>.size else { throw .malformed("\(bytes.count) bytes") }
        return T(bigEndian: bytes.loadUnaligned(as: T.self))
    }
}

extension Array where Element == UInt8 {
    /// Appends an integer in network order.
    mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Overwrites four bytes with an integer in network order.
    mutating func replaceInt32(at offset: Int, with value: Int32) {
        Swift.withUnsafeBytes(of: value.bigEndian) { raw in
            for index in 0..<4 { self[offset + index] = raw[index] }
        }
    }
}
