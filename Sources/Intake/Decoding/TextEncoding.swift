// SPDX-License-Identifier: Apache-2.0

/// How the text of an export is written in bytes.
package enum TextEncoding: String, Sendable, Hashable, CaseIterable {
    case utf8 = "utf-8"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"
    case windows1252 = "windows-1252"
    case latin1 = "iso-8859-1"

    /// Finds an encoding by one of its usual names, without regard to case.
    package init?(named name: some StringProtocol) {
        let name = name.lowercased().replacing("_", with: "-")
        switch name {
        case "utf8": self = .utf8
        // Windows writes little-endian and calls it so; a byte order mark has the last word anyway.
        case "utf-16", "utf16", "utf16le", "ucs-2", "unicode": self = .utf16LittleEndian
        case "utf16be": self = .utf16BigEndian
        case "cp1252", "windows1252", "ansi": self = .windows1252
        case "latin1", "latin-1", "iso8859-1", "iso-88591", "l1": self = .latin1
        default:
            guard let found = Self(rawValue: name) else { return nil }
            self = found
        }
    }

    /// What the first bytes say: a byte order mark, or the zeros of UTF-16 beside the first character.
    ///
    /// - Returns: the encoding with the length of its mark; nil where the bytes say nothing.
    static func detect(_ head: some RandomAccessCollection<UInt8>) -> (encoding: Self, mark: Int)? {
        let bytes = Array(head.prefix(3))
        if bytes == [0xEF, 0xBB, 0xBF] { return (.utf8, 3) }
        guard bytes.count >= 2 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE): return (.utf16LittleEndian, 2)
        case (0xFE, 0xFF): return (.utf16BigEndian, 2)
        case (0, 1...): return (.utf16BigEndian, 0)
        case (1..., 0): return (.utf16LittleEndian, 0)
        default: return nil
        }
    }

    /// What windows-1252 has where ISO 8859-1 has control characters; the five gaps stay those, as in browsers (WHATWG).
    static let windows1252Upper: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E,
        0x0178,
    ]
}
