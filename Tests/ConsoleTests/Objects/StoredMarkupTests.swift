// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Testing
import WebTestSupport

/// Markup in whatever can come from an export or the API is shown as text: no script runs, and no element comes of it, even
/// where the browser ignores the pages' own policy.
@Suite struct StoredMarkupTests {
    static let payloads: [String] = [
        #"<script>window.__ran=1</script><img src=x onerror="window.__ran=1"><svg onload=window.__ran=1>"#,
        #""><script>window.__ran=1</script>"#, #"' autofocus onfocus=window.__ran=1 x='"#,
        "</textarea></title></option><script>window.__ran=1</script>", #"" onmouseover="window.__ran=1" style="position:fixed"#,
        // A sign with a combining character behind it is one character to Swift, and a sign to the browser.
        "<\u{338}script>window.__ran=1</script><\u{301}img src=x onerror=window.__ran=1>\"\u{301} onfocus=window.__ran=1 autofocus \"",
        "{{{frame.formToken}}}{{> form_token}}<!--<script>window.__ran=1</script>", "javascript:window.__ran=1//\u{202E}gnp.exe",
        "&lt;script&gt;window.__ran=1&#60;/script&#62;",
    ]

    @Test(arguments: [0, 1, 2]) func isText(part: Int) async throws {
        // Few fields, one after the other in one text: each breaks out of another place.
        let text = Self.payloads[(part * 3)..<(part * 3 + 3)].joined(separator: " ")
        try await withConsole { site in
            let scene = try await Scene(site.world, text: text)
            try await site.browse { browser in
                try browser.send("Page.setBypassCSP", ["enabled": true])
                var shown = 0
                for page in scene.pages {
                    try browser.open(site.address(page.path))
                    #expect(try browser.evaluate("window.__ran ?? 0") as? Int == 0, "\(page.path)")
                    let found = try browser.evaluate(
                        """
                        [...document.querySelectorAll('*')].filter((e) =>
                          [...e.attributes].some((a) => a.name.startsWith('on') || a.name === 'style' || a.name === 'autofocus')
                          || ['IMG', 'SVG', 'IFRAME', 'OBJECT', 'BASE'].includes(e.tagName.toUpperCase())
                          || (e.tagName === 'SCRIPT' && !e.src) || (e.href && String(e.href).startsWith('javascript:'))
                        ).map((e) => e.outerHTML.slice(0, 200))
                        """)
                    #expect((found as? [String]) == [], "\(page.path)")
                    let all = try browser.text(
                        "document.documentElement.textContent + [...document.querySelectorAll('input, textarea')].map((e) => e.value).join(' ')"
                    )
                    if all.contains("window.__ran=1") { shown += 1 }
                }
                // Nothing was hidden either: nearly every page shows what it was given.
                #expect(shown >= scene.pages.count - 8)
            }
        }
    }
}
