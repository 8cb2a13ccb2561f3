// SPDX-License-Identifier: Apache-2.0
import Foundation
import Secrets
import Testing

@Suite struct OneTimeTests {
    private static let keyring: Keyring = {
        let master = MasterKey.random()
        let keys = Dictionary(
            uniqueKeysWithValues: (1...2).map { ($0, DataKey.random(id: $0).wrap(with: master)) } as [(Int32, [UInt8])])
        return try! Keyring(unwrapping: keys, currentID: 1, with: master)
    }()

    /// The secret of the vectors of RFC 4226 and RFC 6238.
    private static let rfcSecret = TOTPSecret(Array("12345678901234567890".utf8).withUnsafeBytes { SecretBytes(copying: $0) })

    /// RFC 6238, appendix B, the rows of SHA-1.
    @Test(
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)]) func vectorsOfRFC6238(_ seconds: Int64, _ code: String)
    {
        #expect(TOTP.code(Self.rfcSecret, step: TOTP.step(at: seconds), digits: 8) == code)
        #expect(TOTP.code(Self.rfcSecret, step: TOTP.step(at: seconds)) == code.suffix(6))
    }

    /// RFC 4226, appendix D.
    @Test func vectorsOfRFC4226() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
        ]
        for (step, code) in codes.enumerated() { #expect(TOTP.code(Self.rfcSecret, step: Int64(step)) == code) }
    }

    @Test func aCodeIsGoodAStepBeforeAndAfter() {
        let seconds: Int64 = 1_234_567_890
        let now = TOTP.step(at: seconds)
        for offset: Int64 in -5...5 {
            let found = TOTP.step(of: TOTP.code(Self.rfcSecret, step: now + offset), Self.rfcSecret, at: seconds)
            #expect(found == (abs(offset) <= 1 ? now + offset : nil), "\(offset)")
        }
        let code = TOTP.code(Self.rfcSecret, step: now)
        for wrong in ["", "0", String(code.dropLast()), code + "0", " " + code, "００００００", "\u{0}00000"] {
            #expect(TOTP.step(of: wrong, Self.rfcSecret, at: seconds) == nil, "\(wrong)")
        }
    }

    /// RFC 4648, section 10, without the padding.
    @Test func vectorsOfBase32() {
        for (text, encoded) in [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            #expect(Base32.encode(Array(text.utf8)) == encoded)
            #expect(Base32.isWellFormed(encoded))
        }
        for text in ["my", "M1", "M0", "M8", "M=", "M ", "É"] { #expect(!Base32.isWellFormed(text), "\(text)") }
    }

    @Test func secretsAreOfTheirClaims() throws {
        let nonce = SecureRandom.uuid()
        let claims = TOTPClaims(superAdminID: 7, nonce: nonce, keyID: 1)
        let secret = try Self.keyring.totpSecret(claims).reveal()
        #expect(secret.utf8.count == 32 && Base32.isWellFormed(secret))
        #expect(try Self.keyring.totpSecret(claims).reveal() == secret)
        var others: [TOTPClaims] = [claims, claims, claims]
        others[0].superAdminID = 8
        others[1].nonce = SecureRandom.uuid()
        others[2].keyID = 2
        for other in others { #expect(try Self.keyring.totpSecret(other).reveal() != secret) }
        #expect(throws: KeyringError.unknownKey(id: 3)) {
            try Self.keyring.totpSecret(TOTPClaims(superAdminID: 7, nonce: nonce, keyID: 3))
        }
        let hidden = try Self.keyring.totpSecret(claims)
        #expect(!"\(hidden)\(String(reflecting: hidden))".contains(secret))
    }

    @Test func nothingInANameEndsItsPartOfTheURI() throws {
        let uri = Self.rfcSecret.uri(issuer: "Müster & Co", account: "a+b?&#/%:=ü@example.org")
        #expect(
            uri == "otpauth://totp/M%C3%BCster%20%26%20Co:a%2Bb%3F%26%23%2F%25%3A%3D%C3%BC%40example.org"
                + "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=M%C3%BCster%20%26%20Co&algorithm=SHA1&digits=6&period=30")
        let parts = try #require(URLComponents(string: uri))
        #expect(parts.host == "totp" && parts.path == "/Müster & Co:a+b?&#/%:=ü@example.org")
        #expect(parts.queryItems?.first { $0.name == "issuer" }?.value == "Müster & Co")
    }

    @Test func recoveryCodesAsPeopleTypeThem() throws {
        let codes = RecoveryCode.set()
        #expect(codes.count == 10 && Set(codes.map(\.digest)).count == 10)
        for code in codes {
            let text = code.reveal()
            #expect(text.wholeMatch(of: /[A-Z2-7]{4}(-[A-Z2-7]{4}){3}/) != nil)
            let bare = text.replacing("-", with: "")
            let misread = text.replacing("O", with: "0").replacing("I", with: "1").replacing("B", with: "8")
            for typed in [text, text.lowercased(), bare, " \(bare.lowercased())\n", text.replacing("-", with: " - "), misread] {
                #expect(RecoveryCode(typed: typed)?.digest == code.digest, "\(typed)")
            }
            #expect(!"\(code)\(String(reflecting: code))".contains(bare))
        }
        for text in ["", "123456", "AAAA-AAAA-AAAA-AAA", "AAAA-AAAA-AAAA-AAAAA", "AAAA-AAAA-AAAA-AAA9", "ÄAAA-AAAA-AAAA-AAAA"] {
            #expect(RecoveryCode(typed: text) == nil, "\(text)")
        }
    }
}
