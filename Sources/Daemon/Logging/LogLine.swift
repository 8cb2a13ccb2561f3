// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import WebSurface

/// A line of the log while it is built, in UTF-8. Whatever a value holds, it stays one line.
struct LogLine {
    private(set) var bytes = ByteBufferAllocator().buffer(capacity: 320)

    mutating func append(_ text: String) { bytes.writeString(text) }

    mutating func append(_ byte: Unicode.Scalar) { bytes.writeInteger(UInt8(ascii: byte)) }

    /// The time now, as the API shows times.
    mutating func appendTimestamp() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        WireTimestamp.write(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000, into: &bytes)
    }

    /// A text with blanks where it has line breaks or control characters: messages of others may hold them.
    mutating func append(oneLine text: String) {
        for byte in text.utf8 { bytes.writeInteger(Self.isControl(byte) ? UInt8(ascii: " ") : byte) }
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
                for digit in [byte >> 4, byte & 15] { bytes.writeInteger(digit < 10 ? 0x30 + digit : 0x57 + digit) }
            default: bytes.writeInteger(byte)
            }
        }
        append("\"")
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
}
