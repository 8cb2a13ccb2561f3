// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Secrets

@Suite struct ImportedPasswordHashTests {
    private let hasher = PasswordHasher(cost: 4)

    /// What slappasswd 2.5 (also with pw-sha2), Python's hashlib and libcrypt made of "Säcret 1".
    static let ldap = [
        "{SSHA}RhE1AL3oJ7PvU6dMA6az6aI7/D437nDx", "{ssha}RhE1AL3oJ7PvU6dMA6az6aI7/D437nDx",
        "{SSHA256}+XsYTu07i9eEHquZtG+8kSI1jId7qTBodWC9QOyDEZdTX1Vc7/rbeQ==",
        "{SSHA384}/3cq8vYILFgNYayuwxWoWHhnlwRpEacoHQgm1gI6qXDcd/+sEYdBsUfpgCzydE2SxZnfEdKb3Qc=",
        "{SSHA512}C68TZxjU2E/Z2je7eLfSOvO+FZk3VXA439o8eYoffxID4Cpy1j4cR3wQoPyVEDrRXjQWkq2TP804J5v4ORTZ/bOjojNE0GL0",
        "{PBKDF2}1000$MDEyMzQ1Njc4OWFiY2RlZg$cZf4Q.mVnbV38OPb.5Gt72ISGMY",
        "{PBKDF2-SHA256}1000$MDEyMzQ1Njc4OWFiY2RlZg$r8tr2BAR.mDappaeGpBW59jRg/uYWFkxvnNlGHjJKhE",
        "{PBKDF2-SHA512}1000$MDEyMzQ1Njc4OWFiY2RlZg$"
            + "03644SkKOa7Ydxar732BGuaA88YXq2ixPpMJsE/M93lpZkzPTcNpl8ZPE9mulo/2GHO5QKZ0cpV6NZqy68c3Rg",
    ]

    @Test(arguments: ldap) func ldapHashes(value: String) async throws {
        let imported = try ImportedPasswordHash(ldap: value.utf8)
        #expect(imported.text.hasPrefix("$"))
        #expect(try await hasher.verify("Säcret 1", against: imported.text))
        for wrong in ["Säcret 2", "", "säcret 1", "Säcret 1 "] {
            #expect(try await !hasher.verify(wrong, against: imported.text))
        }
        #expect(hasher.isOutdated(imported.text), "to be replaced by the installation's own at the first sign-in")
        let stored = try #require(ImportedPasswordHash(stored: imported.text))
        #expect(stored == imported && stored.mark == imported.mark && imported.mark.utf8.count == 32)
    }

    @Test func bcryptStaysAsItIs() async throws {
        let own = try await hasher.hash("Säcret 1")
        for value in [own, "{CRYPT}" + own, "{BCRYPT}$2y$" + own.dropFirst(4)] {
            let imported = try ImportedPasswordHash(ldap: value.utf8)
            #expect(try await hasher.verify("Säcret 1", against: imported.text))
        }
        #expect(ImportedPasswordHash(stored: own) == nil)
    }

    /// Both people of the realm that JHipster ships; their passwords are their names.
    @Test(arguments: [
        (
            "admin",
            #"{"value":"4pf9K2jWSCcHC+CwsZP/qidN5pSmDUe6AX6wBerSGdBVKkExay8MWKx+EKmaaObZW6FVsD8vdW/ZsyUFD9gJ1Q==","salt":"1/qNkZ5kr77jOMOBPBogGw=="}"#
        ),
        (
            "user",
            #"{"value":"MbKsMgWPnZyImih8s4SaoCSCq+XIY/c6S9F93sXEidHF1TjPWxCqMkec0+o3860CMLXHt3az61cIJOWI0FW9aw==","salt":"fmpBI1r8R1u75hDLMUlwBw=="}"#
        ),
    ]) func keycloak(password: String, secret: String) async throws {
        let data = #"{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}"#
        let imported = try ImportedPasswordHash(keycloakSecret: secret.utf8, data: data.utf8)
        #expect(imported.text.hasPrefix("$pbkdf2-sha256$i=27500$"))
        #expect(try await hasher.verify(password, against: imported.text))
        #expect(try await !hasher.verify(password + "x", against: imported.text))
    }

    @Test(
        arguments: [
            ("{SHA}ggCh7HzuUUMqqPV7SIevUhY/e4A=", .unsupported), ("{SMD5}OXW02du+ugFcIe63fJbd4gsd500=", .unsupported),
            ("{CRYPT}$6$salt$hash", .unsupported), ("{ARGON2}$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA", .unsupported),
            ("plain", .unsupported),
            ("{SSHA}RhE1AL3oJ7PvU6dMA6az6aI7", .malformed), ("{SSHA}!!!", .malformed), ("{SSHA", .malformed),
            ("{SSHA}", .malformed),
            ("{CRYPT}$2b$04$short", .malformed), ("{PBKDF2-SHA256}x$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", .malformed),
            ("{PBKDF2-SHA256}0$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", .malformed), ("{PBKDF2-SHA256}1000$c2FsdHNhbHQ", .malformed),
            ("{PBKDF2-SHA256}99999999$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", .tooCostly),
            ("$2b$31$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", .malformed), ("", .unsupported),
        ] as [(String, ImportedPasswordHash.Fault)])
    func refused(value: String, fault: ImportedPasswordHash.Fault) {
        #expect(throws: fault) { try ImportedPasswordHash(ldap: value.utf8) }
    }

    @Test func keycloakFaults() {
        let secret = #"{"value":"aGFzaGhhc2hoYXNoaGFzaA==","salt":"c2FsdHNhbHQ="}"#
        for (secret, data, fault) in [
            (secret, #"{"hashIterations":5,"algorithm":"argon2"}"#, ImportedPasswordHash.Fault.unsupported),
            (secret, #"{"hashIterations":999999999,"algorithm":"pbkdf2-sha512"}"#, .tooCostly),
            (secret, #"{"subType":"totp","digits":6}"#, .malformed),
            ("{}", #"{"hashIterations":5,"algorithm":"pbkdf2"}"#, .malformed),
        ] {
            #expect(throws: fault) { try ImportedPasswordHash(keycloakSecret: secret.utf8, data: data.utf8) }
        }
        #expect(ImportedPasswordHash.isKeycloakPassword(data: #"{"hashIterations":5,"algorithm":"argon2"}"#.utf8))
        #expect(!ImportedPasswordHash.isKeycloakPassword(data: #"{"subType":"totp","digits":6}"#.utf8))
    }

    @Test func damagedStoredHashes() async throws {
        for text in [
            "$ssha$", "$ssha$c2FsdA$aGFzaA", "$pbkdf2-sha256$i=x$c2FsdA$aGFzaA",
            "$pbkdf2-sha256$1000$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        ] {
            #expect(ImportedPasswordHash(stored: text) == nil)
            await #expect(throws: PasswordError.unsupportedHash) { try await hasher.verify("x", against: text) }
        }
    }

    @Test func longPasswordsOfOthers() async throws {
        let salt = Array("0123456789abcdef".utf8)
        let password = String(repeating: "p", count: 300)
        let digest = Array(password.utf8).withUnsafeBytes {
            HashAlgorithm.sha512.pbkdf2($0, salt: salt, iterations: 3, length: 64)
        }
        let text = "$pbkdf2-sha512$i=3$" + Base64Text.encode(salt) + "$" + Base64Text.encode(digest)
        #expect(try await hasher.verify(password, against: text))
        await #expect(throws: PasswordError.tooLong) {
            try await hasher.verify(password + String(repeating: "p", count: 800), against: text)
        }
        await #expect(throws: PasswordError.containsNUL) { try await hasher.verify("a\0", against: text) }
    }

    @Test func nothingIsShown() throws {
        let imported = try ImportedPasswordHash(ldap: Self.ldap[0].utf8)
        #expect(
            "\(imported)" == "ImportedPasswordHash(redacted)" && String(reflecting: imported) == "ImportedPasswordHash(redacted)")
        #expect(!imported.text.contains(imported.mark))
        var dumped = ""
        dump(imported, to: &dumped)
        #expect(!dumped.contains("ssha"))
    }
}
