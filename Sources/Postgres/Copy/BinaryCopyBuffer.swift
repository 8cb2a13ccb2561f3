// SPDX-License-Identifier: Apache-2.0

/// Builds rows in the binary format of COPY.
///
/// Make one, add rows, hand `take()` to the writer from time to time, and at the end `finish()`.
package struct BinaryCopyBuffer: Sendable {
    /// Signature, flags, and the length of the header's extension.
    private static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    private var bytes: [UInt8]

    /// Starts with the header of the format.
    package init() {
        bytes = Self.header
    }

    /// How many bytes wait to be taken.
    package var count: Int { bytes.count }

    /// Begins a row of so many fields, which must follow.
    package mutating func beginRow(_ fields: Int) { bytes.appendBigEndian(Int16(fields)) }

    /// Adds a field; its type must be exactly the column's.
    package mutating func append<T: PostgresEncodable>(_ value: T) {
        if value.isNull { return appendNull() }
        let start = bytes.count
        bytes.appendBigEndian(Int32(0))
        value.encode(into: &bytes)
        bytes.replaceInt32(at: start, with: Int32(bytes.count - start - 4))
    }

    /// Adds a field of raw bytes: UTF-8 for `text`, anything for `bytea`.
    package mutating func append(raw: UnsafeRawBufferPointer) {
        bytes.appendBigEndian(Int32(raw.count))
        bytes.append(contentsOf: raw)
    }

    /// Adds a text, NULL where there is none: as `append(_:)`, without its generic detour, for columns of millions.
    package mutating func append(text: String?) {
        guard var text else { return appendNull() }
        text.withUTF8 { append(raw: UnsafeRawBufferPointer($0)) }
    }

    /// Adds a NULL.
    package mutating func appendNull() { bytes.appendBigEndian(Int32(-1)) }

    /// Hands out what has been built; a row must be complete.
    package mutating func take() -> [UInt8] {
        let taken = bytes
        bytes = []
        bytes.reserveCapacity(taken.count)
        return taken
    }

    /// Adds the trailer and hands out the rest.
    package mutating func finish() -> [UInt8] {
        bytes.appendBigEndian(Int16(-1))
        return take()
    }
}
