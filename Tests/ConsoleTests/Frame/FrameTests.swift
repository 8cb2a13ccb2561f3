// SPDX-License-Identifier: Apache-2.0

import Testing
import WebTestSupport

/// The frame around every page.
struct FrameTests {
    @Test func overviewInABrowser() async throws {
        try await withConsole { site in
            try await site.browse { browser in
                try browser.open(site.address())
                #expect(try browser.words.contains("Overview"))
                try browser.checkPage("overview")
                try browser.open(site.address("nowhere"))
                #expect(try browser.words.contains("Not found"))
                try browser.checkPage("not-found")
            }
        }
    }
}
