// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// Query strings of our own links.
enum QueryText {
    /// `?a=1&b=2`, or nothing.
    static func encoded(_ pairs: [(name: String, value: String)]) -> String {
        guard !pairs.isEmpty else { return "" }
        return "?" + pairs.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
    }

    /// A text as it may stand in a query: everything but RFC 3986's unreserved characters is encoded.
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// The pairs of a query or a form; what is not well-formed is left out.
    static func pairs(_ text: some StringProtocol) -> [(name: String, value: String)] { FormPairs.read(text.utf8) }
}
