// SPDX-License-Identifier: Apache-2.0

/// The values of a statement in binary form, in one buffer.
package struct PostgresBindings: Sendable {
    /// All values, one after the other.
    private(set) var bytes: [UInt8] = []
    /// The type of each value.
    private(set) var types: [UInt32] = []
    /// The length of each value; -1 for NULL.
    private(set) var lengths: [Int32] = []

    /// How many values there are.
    package var count: Int { types.count }

    /// Adds a value.
    package mutating func append<T: PostgresEncodable>(_ value: T) {
        types.append(T.postgresType.oid)
        if value.isNull {
            lengths.append(-1)
            return
        }
        let start = bytes.count
        value.encode(into: &bytes)
        lengths.append(Int32(clamping: bytes.count - start))
    }

    /// Calls `body` with what libpq wants to see: pointers to the values, their lengths and their formats.
    func withParameters<R>(
        _ body: (
            _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        if count == 0 { return body(nil, nil, nil) }
        return bytes.withUnsafeBytes { raw in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { formats in
                    var offset = 0
                    for index in 0..<count {
                        formats.initializeElement(at: index, to: 1)
                        values.initializeElement(at: index, to: pointer(in: raw, at: offset, isNull: lengths[index] < 0))
                        offset += Int(max(0, lengths[index]))
                    }
                    return lengths.withUnsafeBufferPointer {
                        body(values.baseAddress, $0.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }

    /// libpq takes a null pointer for NULL, so an empty value needs some other address.
    private func pointer(in raw: UnsafeRawBufferPointer, at offset: Int, isNull: Bool) -> UnsafePointer<CChar>? {
        if isNull { return nil }
        guard let base = raw.baseAddress, !raw.isEmpty else { return Self.nowhere }
        return (base + offset).assumingMemoryBound(to: CChar.self)
    }

    /// One byte that lives for ever: the address of values without bytes.
    nonisolated(unsafe) private static let nowhere: UnsafePointer<CChar> = {
        let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return UnsafePointer(byte)
    }()
}
