// SPDX-License-Identifier: Apache-2.0

/// Where the next page of a list begins, as a client hands it back: opaque to it, and good for the list it came from only.
///
/// It holds a position and a checksum over position, list and filters. It grants nothing, since a position only narrows what the
/// caller may see anyway; the checksum finds cursors that were mangled, or taken to another list or other filters.
package struct Cursor: Sendable, Equatable {
    /// What a list wants to remember beside the key, such as a kind.
    package let tag: UInt8
    /// The key of the last item shown.
    package let key: Int64

    package init(tag: UInt8 = 0, key: Int64) {
        self.tag = tag
        self.key = key
    }

    /// Reads a cursor of the list; nil when it is none.
    ///
    /// - Parameter list: names the list with its filters.
    package init?(_ text: String, of list: String) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * Self.size else { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Hexadecimal.value(of: digits[at]), let low = Hexadecimal.value(of: digits[at + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        let key = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(tag: bytes[0], key: Int64(bitPattern: key))
        // The positive half only, and one spelling of each.
        guard self.key >= 0, self.text(of: list) == text else { return nil }
    }

    /// The cursor as text, in hexadecimal digits.
    package func text(of list: String) -> String {
        var bytes = [tag] + (0..<8).map { UInt8(truncatingIfNeeded: key >> (56 - 8 * $0)) }
        // FNV-1a.
        var sum: UInt32 = 2_166_136_261
        for byte in bytes + Array(list.utf8) { sum = (sum ^ UInt32(byte)) &* 16_777_619 }
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static let size = 13
}
