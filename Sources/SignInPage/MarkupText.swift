// SPDX-License-Identifier: Apache-2.0

import Mustache

/// Escapes text for HTML by code points, as a browser reads it.
///
/// Mustache's own way looks at grapheme clusters: a quotation mark with an accent upon it is none there, and ends an attribute
/// in a browser.
struct MarkupText: MustacheContentType {
    /// What templates name it by, in `{{% CONTENT_TYPE: … }}`.
    static let name = "MARKUP"

    func escapeText(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
