// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Testing
import WebTestSupport

/// The life of a token: made in the console with a browser, used with `curl`.
@Suite(.serialized) struct TokenLifeTests {
    @Test func madeUsedRotatedAndRevoked() async throws {
        try await withConsole { site in
            try await site.browse { browser in
                try browser.open(site.address("platform_apps/new"))
                try browser.type("Help Desk", into: "input[name=name]")
                try browser.click("main form button")
                let first = try Self.shownToken(browser)
                let made = try Curl(site).call("POST", "users", first, #"{"name":"Ada","email":"ada@example.org"}"#)
                #expect(made.status == 200 && made.body.contains("ada@example.org"), "\(made)")
                try browser.checkPage("platform-app-created")

                // Rotated: both are good until the overlap ends, then the new one alone.
                try Self.openToken(first, browser, site)
                try browser.type("12s", into: "input[name=overlap]")
                try browser.click("form[action$=rotate] button")
                #expect(try browser.words.contains("stays valid for 12s"))
                let second = try Self.shownToken(browser)
                #expect(first != second)
                #expect(try Curl(site).call("GET", "users", first).status == 200)
                #expect(try Curl(site).call("GET", "users", second).status == 200)
                try browser.checkPage("token-rotated")
                var refused = try Curl(site).call("GET", "users", first)
                for _ in 0..<300 where refused.status == 200 {
                    usleep(200_000)
                    refused = try Curl(site).call("GET", "users", first)
                }
                #expect(refused.status == 401 && refused.body.contains("Invalid access_token"), "\(refused)")
                #expect(try Curl(site).call("GET", "users", second).status == 200)

                // Revoked: refused from the next call on.
                try Self.openToken(second, browser, site)
                try browser.click("form[action$=revoke] button")
                #expect(try browser.words.contains("refused from now on"))
                #expect(try Curl(site).call("GET", "users", second).status == 401)
                try browser.checkPage("token-revoked")
            }
        }
    }

    /// Granted with `read`, the second app reads the account and nothing else; with `write` it changes it; then it is over.
    @Test func aGrantReachesWhatItSays() async throws {
        try await withConsole { site in
            let (one, two) = (try await site.world.app("One"), try await site.world.app("Two"))
            try await site.browse { browser in
                let curl = Curl(site)
                for name in ["Acme", "Other"] {
                    #expect(try curl.call("POST", "accounts", one.token, #"{"name":"\#(name)"}"#).status == 200)
                }
                #expect(try curl.call("GET", "accounts/1", two.token).status == 401)
                try browser.open(site.address("platform_apps/\(two.id)/permissibles?kind=account&q=Acme"))
                try browser.click("main td.acts a")
                try browser.click("main form.card button")
                #expect(try browser.words.contains("Granted."))
                #expect(try curl.call("GET", "accounts/1", two.token).body.contains("Acme"))
                #expect(try curl.call("GET", "accounts/2", two.token).status == 401)
                #expect(try curl.call("PATCH", "accounts/1", two.token, #"{"name":"Mine"}"#).status == 401)
                #expect(try curl.call("DELETE", "accounts/1", two.token).status == 401)
                try browser.open(site.address("platform_apps/\(two.id)/permissibles/account/1"))
                _ = try browser.evaluate("document.querySelector('input[value=write]').click()")
                try browser.click("main form.card button")
                #expect(try browser.words.contains("Saved."))
                #expect(try curl.call("PATCH", "accounts/1", two.token, #"{"name":"Mine"}"#).body.contains("Mine"))
                #expect(try curl.call("DELETE", "accounts/1", two.token).status == 401)
                try browser.open(site.address("platform_apps/\(two.id)/permissibles/account/1"))
                try browser.click("form[action$=revoke] button")
                #expect(try curl.call("GET", "accounts/1", two.token).status == 401)
                #expect(try curl.call("GET", "accounts/1", one.token).body.contains("Mine"))
            }
        }
    }

    // MARK: - Steps

    private static func shownToken(_ browser: Chromium) throws -> String {
        let token = try browser.text("document.querySelector('[data-value]').textContent")
        let words = try browser.words
        try #require(token.hasPrefix("mst_app_"), "\(words)")
        return token
    }

    /// Finds the token's page by pasting it, as who found it somewhere does.
    private static func openToken(_ token: String, _ browser: Chromium, _ site: ConsoleSite) throws {
        try browser.open(site.address("access_tokens"))
        try browser.type(token, into: "input[name=token]")
        try browser.click("form[action$=find] button")
        #expect(try !browser.address.contains("mst_"))
    }
}

/// The real program, as those who write scripts use it.
struct Curl {
    let address: String

    init(_ site: ConsoleSite) { address = "http://127.0.0.1:\(site.port)/platform/api/v1/" }

    struct Answer {
        let status: Int
        let body: String
    }

    func call(_ method: String, _ path: String, _ token: String, _ body: String? = nil) throws -> Answer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments =
            [
                "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--request", method, "--header",
                "api_access_token: \(token)", "--write-out", "\n%{http_code}",
            ] + (body.map { ["--header", "Content-Type: application/json", "--data", $0] } ?? []) + [address + path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        // Its end is that of its output: Foundation's way of waiting for it misses it now and then, and then waits for ever.
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        return Answer(status: Int(text[end...].dropFirst()) ?? 0, body: String(text[..<end]))
    }
}
