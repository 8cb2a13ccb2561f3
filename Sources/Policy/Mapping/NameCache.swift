// SPDX-License-Identifier: Apache-2.0

import Glibc
import Intake

/// Remembers how group names are spelled in normal form: people share their groups, so most names come again and again.
///
/// Pass one along a run (`Policy.map(_:names:)`). Its size is fixed; a name that falls into another's place replaces it.
package struct NameCache: Sendable {
    private struct Slot: Sendable {
        var written: [UInt8] = []
        var key: String?
    }

    private var slots: [Slot]
    private var buffer: [UInt8] = []
    private let size: Int

    /// Makes an empty cache of `size` names; 0 remembers nothing.
    package init(size: Int = 1024) {
        self.size = max(0, size)
        slots = Array(repeating: Slot(), count: max(0, size))
    }

    /// The normalised name in a value, nil where there is none.
    mutating func normalised(_ value: AttributeValue) -> String? {
        guard value.kind == .text, !value.bytes.isEmpty else { return nil }
        guard size > 0 else { return normalise(value) }
        let index = value.bytes.withUnsafeBytes { Int(Self.hash($0) % UInt64(size)) }
        if Self.isSame(slots[index].written, value.bytes) { return slots[index].key }
        let key = normalise(value)
        slots[index] = Slot(written: Array(value.bytes), key: key)
        return key
    }

    /// The buffer saves allocations from one value to the next.
    private mutating func normalise(_ value: AttributeValue) -> String? {
        buffer.removeAll(keepingCapacity: true)
        buffer.reserveCapacity(value.bytes.count)
        let isName = value.bytes.withUnsafeBytes { DistinguishedName.normalise($0, into: &buffer) }
        return isName && !buffer.isEmpty ? String(decoding: buffer, as: UTF8.self) : nil
    }

    private static func isSame(_ written: [UInt8], _ bytes: ArraySlice<UInt8>) -> Bool {
        written.count == bytes.count
            && written.withUnsafeBytes { a in
                // Both hold `a.count` bytes, and neither is empty.
                bytes.withUnsafeBytes { b in
                    a.baseAddress.flatMap { x in b.baseAddress.map { memcmp(x, $0, a.count) == 0 } } ?? true
                }
            }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(bytes.count)
        var index = 0
        while index + 8 <= bytes.count {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            index += 8
        }
        while index < bytes.count {
            hash = (hash ^ UInt64(bytes[index])) &* 0x9E37_79B9_7F4A_7C15
            index += 1
        }
        return hash ^ (hash >> 32)
    }
}
