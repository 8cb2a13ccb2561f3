// SPDX-License-Identifier: Apache-2.0

/// The head of one file in a tar archive, as POSIX.1-1988 has it (ustar), with GNU's way to write sizes from 8 GiB on.
///
/// A backup is such an archive so that it can be opened without Muster: `tar xf`, `sha256sum -c SHA256SUMS`, `pg_restore`.
struct TarMember: Sendable, Hashable {
    static let blockSize = 512

    var name: String
    /// In bytes.
    var size: Int64
    /// Unix seconds.
    var modified: Int64

    /// The bytes that fill the last block of a file of this size.
    static func padding(after size: Int64) -> Int { (blockSize - Int(size % Int64(blockSize))) % blockSize }

    /// The head as it stands in the archive: one block.
    func encoded() -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        block.replace(at: 0, with: Array(name.utf8.prefix(100)))
        block.replace(at: 100, with: Self.octal(0o600, width: 8))
        block.replace(at: 108, with: Self.octal(0, width: 8))
        block.replace(at: 116, with: Self.octal(0, width: 8))
        block.replace(at: 124, with: size < 1 << 33 ? Self.octal(size, width: 12) : Self.binary(size))
        block.replace(at: 136, with: Self.octal(modified, width: 12))
        block[156] = UInt8(ascii: "0")
        block.replace(at: 257, with: Array("ustar\0".utf8) + Array("00".utf8))
        block.replace(at: 148, with: Self.octal(Self.checksum(block), width: 7) + [UInt8(ascii: " ")])
        return block
    }

    init(name: String, size: Int64, modified: Int64) {
        self.name = name
        self.size = size
        self.modified = modified
    }

    /// Reads a head; nil unless it is one that `encoded` writes.
    init?(decoding block: [UInt8]) {
        guard block.count == Self.blockSize else { return nil }
        let size =
            block[124] == 0x80
            ? block[128..<136].reduce(Int64(0)) { $0 << 8 | Int64($1) } : Self.number(block[124..<136])
        guard let size, size >= 0, let modified = Self.number(block[136..<148]) else { return nil }
        self.init(name: String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self), size: size, modified: modified)
        guard encoded() == block else { return nil }
    }

    /// The sum of all bytes, those of the checksum taken as blanks.
    private static func checksum(_ block: [UInt8]) -> Int64 {
        block.enumerated().reduce(Int64(0)) { $0 + ((148..<156).contains($1.offset) ? 32 : Int64($1.element)) }
    }

    private static func octal(_ value: Int64, width: Int) -> [UInt8] {
        let digits = Array(String(value, radix: 8).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - 1 - digits.count)) + digits + [0]
    }

    private static func binary(_ value: Int64) -> [UInt8] {
        [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * Int64($0))) }
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: field.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }, as: UTF8.self), radix: 8)
    }
}

extension [UInt8] {
    fileprivate mutating func replace(at offset: Int, with bytes: [UInt8]) {
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}
