// SPDX-License-Identifier: Apache-2.0

import Mustache
import WebSurface

/// The content of our templates; Mustache's own escaping looks at grapheme clusters.
struct MarkupContent: MustacheContentType {
    /// What templates name it by, in `{{% CONTENT_TYPE: … }}`.
    static let name = "MARKUP"

    func escapeText(_ text: String) -> String { MarkupText.escaped(text) }
}
