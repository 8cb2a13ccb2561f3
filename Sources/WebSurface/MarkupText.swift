// SPDX-License-Identifier: Apache-2.0

/// Text as it stands in HTML, between tags and in quoted attributes.
package enum MarkupText {
    /// Escapes by code points, as a browser reads: of grapheme clusters, a quotation mark under an accent is none, and ends an
    /// attribute in a browser all the same.
    package static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { #"&<>"'"#.utf8.contains($0) }) else { return text }
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count + 16)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
