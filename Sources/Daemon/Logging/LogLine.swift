// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A line of the log while it is built, in UTF-8. Whatever a value holds, it stays one line.
struct LogLine {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(320) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(_ byte: Unicode.Scalar) { bytes.append(UInt8(ascii: byte)) }

    /// The time now, UTC, with milliseconds (RFC 3339).
    mutating func appendTimestamp() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        var seconds = now.tv_sec
        gmtime_r(&seconds, &parts)
        append(number: Int(parts.tm_year) + 1_900, digits: 4)
        for (sign, part) in [
            ("-", parts.tm_mon + 1), ("-", parts.tm_mday), ("T", parts.tm_hour), (":", parts.tm_min), (":", parts.tm_sec),
        ]
            as [(Unicode.Scalar, Int32)]
        {
            append(sign)
            append(number: Int(part), digits: 2)
        }
        append(".")
        append(number: now.tv_nsec / 1_000_000, digits: 3)
        append("Z")
    }

    private mutating func append(number: Int, digits: Int) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// A text with blanks where it has line breaks or control characters: messages of others may hold them.
    mutating func append(oneLine text: String) {
        for byte in text.utf8 { bytes.append(Self.isControl(byte) ? UInt8(ascii: " ") : byte) }
    }

    /// A value as it is, or as a JSON string when it has anything that could be taken for more than a value.
    mutating func append(value text: String) {
        let isPlain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\\")
        }
        if isPlain, !text.isEmpty { append(text) } else { append(quoted: text) }
    }

    /// A JSON string (RFC 8259).
    mutating func append(quoted text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\t"): append("\\t")
            case UInt8(ascii: "\r"): append("\\r")
            case _ where Self.isControl(byte):
                append("\\u00")
                for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
            default: bytes.append(byte)
            }
        }
        append("\"")
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
}
