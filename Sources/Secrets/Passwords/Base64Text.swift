// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Base64 of stored password hashes: written without padding, read with or without.
package enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString()
        return String(text.prefix { $0 != "=" })
    }

    /// The bytes, or nil where the text is no base64.
    package static func decode(_ text: String) -> [UInt8]? {
        let bare = text.hasSuffix("==") ? text.dropLast(2) : text.hasSuffix("=") ? text.dropLast() : text[...]
        guard bare.utf8.count % 4 != 1, !bare.isEmpty else { return nil }
        let padding = String(repeating: "=", count: (4 - bare.utf8.count % 4) % 4)
        return Data(base64Encoded: bare + padding).map { [UInt8]($0) }
    }

    static func pair(_ first: String, _ second: String) -> ([UInt8], [UInt8])? {
        guard let first = decode(first), let second = decode(second) else { return nil }
        return (first, second)
    }
}
