// SPDX-License-Identifier: Apache-2.0

/// The trace that a request belongs to, as its `traceparent` says (W3C Trace Context, level 1, section 3.2).
package struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// The caller's span: 16 lower-case hexadecimal digits, not all zero.
    package let parentID: String

    /// Reads the header; nil when it is invalid, which is as good as absent.
    init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(56))
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash else { return nil }
        let fields = [bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]]
        guard fields.allSatisfy({ $0.allSatisfy(Self.isDigit) }) else { return nil }
        let zero = UInt8(ascii: "0")
        guard fields[0] != [UInt8(ascii: "f"), UInt8(ascii: "f")], fields[1].contains(where: { $0 != zero }),
            fields[2].contains(where: { $0 != zero })
        else { return nil }
        // Later versions may say more behind another dash; this one may not.
        if text.utf8.count > 55 { guard fields[0] != [zero, zero], bytes[55] == dash else { return nil } }
        traceID = String(decoding: fields[1], as: UTF8.self)
        parentID = String(decoding: fields[2], as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
