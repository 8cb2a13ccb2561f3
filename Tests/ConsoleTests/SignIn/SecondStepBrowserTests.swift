// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import PostgresTestSupport
import Secrets
import Testing
import WebTestSupport

/// The second step of signing in, from the first picture of the QR code to the last recovery code, in a real browser.
@Suite(.serialized) struct SecondStepBrowserTests {
    @Test func anAuthenticatorIsTakenIntoUseAndLetsIn() async throws {
        try await withConsole { site in
            let (secret, spare) = try await Self.setUp(site)
            try await Chromium.run { browser in
                try Self.signIn(browser, site, "platform_apps?q=desk")
                #expect(try browser.words.contains("One step more"))
                try browser.checkPage("sign-in-code")
                // The password alone opens nothing, whatever address is typed.
                try browser.open(site.address("users"))
                #expect(try browser.address.contains("/super_admin/sign_in?"))
                try Self.signIn(browser, site, "platform_apps?q=desk")
                try browser.type("000000", into: "#field-code")
                try browser.click("main button")
                #expect(try browser.words.contains("Not a code that is good now"))
                #expect(try browser.text("document.querySelector('#field-code').getAttribute('aria-invalid')") == "true")
                try browser.checkPage("sign-in-code-refused")
                // The code of this step was spent on the set-up; the next one's is good already.
                try browser.type(Self.code(secret, step: 1), into: "#field-code")
                try browser.click("main button")
                #expect(try browser.address == site.address("platform_apps?q=desk"))
            }
            // Without the authenticator at hand, and without a script.
            try await Chromium.run { browser in
                try browser.setScripts(false)
                try Self.signIn(browser, site, "profile")
                try browser.type(spare, into: "#field-code")
                try browser.click("main button")
                #expect(try browser.address == site.address("profile"))
                #expect(try browser.words.contains("with 9 recovery codes left"))
            }
            // It was good once.
            try await Chromium.run { browser in
                try Self.signIn(browser, site, "profile")
                try browser.type(spare, into: "#field-code")
                try browser.click("main button")
                #expect(try browser.words.contains("Not a code that is good now"))
            }
        }
    }

    @Test func newRecoveryCodesAndOutOfUse() async throws {
        try await withConsole { site in
            let (_, spare) = try await Self.setUp(site)
            try await site.browse { browser in
                try browser.open(site.address("profile/authenticator"))
                #expect(try browser.words.contains("10 are left"))
                try browser.checkPage("authenticator-in-use")
                try browser.click("form[action$=codes] button")
                #expect(try browser.words.contains("Your former recovery codes are of no use any more"))
                #expect(try !browser.words.contains(spare))
                try browser.open(site.address("profile/authenticator"))
                try browser.click("form[action$=disable] button")
                #expect(try browser.words.contains("Not in use"))
            }
            // From then on the password is enough.
            try await Chromium.run { browser in
                try Self.signIn(browser, site, "profile")
                #expect(try browser.address == site.address("profile"))
            }
        }
    }

    @Test func whileTheDatabaseIsAway() async throws {
        let server = try TestServer()
        defer { server.stop() }
        try await withConsole(on: server) { site in
            try await site.browse { browser in
                try browser.open(site.address("users"))
                server.stop(keepingData: true)
                try browser.open(site.address("users?q=ada"))
                #expect(try browser.words.contains("The database does not answer right now"))
                #expect(try browser.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") as? Int == 503)
                try browser.checkPage("database-away")
                try server.start()
                for _ in 0..<50 where try browser.words.contains("does not answer") {
                    usleep(200_000)
                    // To what was asked for, as it was asked for.
                    try browser.click("main .prose a")
                }
                #expect(try browser.address == site.address("users?q=ada"))
                #expect(try browser.words.contains("Users"))
            }
        }
    }

    // MARK: - Steps

    /// Sets an authenticator up by the pages, as the super admin who is signed in.
    ///
    /// - Returns: the key that stood beside the picture, and one of the recovery codes.
    private static func setUp(_ site: ConsoleSite) async throws -> (secret: [UInt8], spare: String) {
        try await site.browse { browser in
            try browser.open(site.address("profile/authenticator"))
            try browser.click("form[action$=begin] button")
            #expect(try browser.evaluate("document.querySelector('svg.qr path + path').getBBox().width > 20") as? Bool == true)
            let key = try browser.text("document.querySelector('[data-value]').textContent")
            let secret = try #require(decoded(key), "\(key)")
            try browser.type(code(secret), into: "#field-code")
            try browser.click("main .form button[type=submit]")
            #expect(try browser.words.contains("The authenticator is in use"))
            try browser.checkPage("recovery-codes")
            let codes = try browser.text("[...document.querySelectorAll('.codes code')].map((e) => e.textContent).join(' ')")
                .split(separator: " ").map(String.init)
            #expect(Set(codes).count == RecoveryCode.count)
            return (secret, try #require(codes.last))
        }
    }

    private static func signIn(_ browser: Chromium, _ site: ConsoleSite, _ path: String) throws {
        try browser.open(site.address(path))
        try browser.type("root@example.org", into: "#field-email")
        try browser.type("Correct1!horse", into: "#field-password")
        try browser.click("main button")
    }

    /// What the authenticator shows now, or will show so many steps later.
    private static func code(_ secret: [UInt8], step: Int64 = 0) -> String {
        let now = TOTP.step(at: Int64(Date().timeIntervalSince1970))
        return TOTP.code(TOTPSecret(secret.withUnsafeBytes(SecretBytes.init(copying:))), step: now + step)
    }

    /// Base32 (RFC 4648) as an authenticator reads what is typed into it.
    private static func decoded(_ key: String) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
        for character in key where character != " " {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 5 | UInt32(value)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes.count == TOTPSecret.length ? bytes : nil
    }
}
