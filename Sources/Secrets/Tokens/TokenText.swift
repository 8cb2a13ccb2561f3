// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Writes the parts of a token one after the other.
struct TokenWriter {
    private(set) var count = 0
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ text: UnsafeMutableBufferPointer<UInt8>) {
        self.text = text
    }

    mutating func append(_ prefix: StaticString) {
        for offset in 0..<prefix.utf8CodeUnitCount {
            text[count + offset] = prefix.utf8Start[offset]
        }
        count += prefix.utf8CodeUnitCount
    }

    mutating func append(_ number: UInt64, length: Int = Base62.wordLength) {
        Base62.encode(number, into: UnsafeMutableBufferPointer(rebasing: text[count..<count + length]))
        count += length
    }

    /// Appends the checksum of all that was written so far.
    mutating func appendChecksum() {
        let checksum = CRC32.checksum(UnsafeBufferPointer(rebasing: text[..<count]))
        append(UInt64(checksum), length: TokenReader.checksumLength)
    }
}

/// Reads the parts of a token one after the other.
struct TokenReader {
    static let checksumLength = 6

    private var position = 0
    private let text: UnsafeBufferPointer<UInt8>

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    /// The owner's kind, or nil when the text does not start with a prefix.
    mutating func owner() -> AccessTokenClaims.Owner? {
        AccessTokenClaims.Owner.allCases.first { skip($0.prefix) }
    }

    /// Steps over the prefix, if it stands here.
    mutating func skip(_ prefix: StaticString) -> Bool {
        let length = prefix.utf8CodeUnitCount
        guard text.count - position >= length else { return false }
        for offset in 0..<length where text[position + offset] != prefix.utf8Start[offset] { return false }
        position += length
        return true
    }

    /// The next number, or nil when it is not spelled with `length` base62 characters.
    mutating func word(length: Int = Base62.wordLength) -> UInt64? {
        guard text.count - position >= length else { return nil }
        defer { position += length }
        return Base62.decode(UnsafeBufferPointer(rebasing: text[position..<position + length]))
    }

    /// Whether the text ends here with the checksum of all that was read so far.
    mutating func checksum() -> Bool {
        let expected = CRC32.checksum(UnsafeBufferPointer(rebasing: text[..<position]))
        return word(length: Self.checksumLength) == UInt64(expected) && position == text.count
    }
}

extension UUID {
    /// The 16 bytes as two big-endian numbers.
    var words: (high: UInt64, low: UInt64) {
        withUnsafeBytes(of: uuid) { bytes in
            let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            return (high, low)
        }
    }

    /// The UUID of two big-endian numbers.
    init(high: UInt64, low: UInt64) {
        let bytes = (high.bigEndian, low.bigEndian)
        self.init(uuid: unsafeBitCast(bytes, to: uuid_t.self))
    }
}

/// Whether two 128-bit codes are equal, in constant time.
func constantTimeEquals(_ left: (UInt64, UInt64), _ right: (UInt64, UInt64)) -> Bool {
    withUnsafeBytes(of: left) { left in withUnsafeBytes(of: right) { right in constantTimeEquals(left, right) } }
}
