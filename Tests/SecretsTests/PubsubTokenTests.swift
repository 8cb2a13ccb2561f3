// SPDX-License-Identifier: Apache-2.0
import Foundation
import Secrets
import Testing

@Suite struct PubsubTokenTests {
    private let keyring: Keyring

    init() throws {
        keyring = try Keyring([.random(id: 1), .random(id: 2)], currentID: 1)
    }

    @Test func mintedTokenVerifies() throws {
        for userID in [0, 1, -1, 4711, .max, .min] as [Int64] {
            let claims = PubsubTokenClaims(userID: userID, nonce: SecureRandom.uuid(), keyID: 2)
            let token = try keyring.mint(claims)
            #expect(token.wholeMatch(of: /[0-9A-Za-z]{39}/) != nil)
            #expect(PubsubToken.parse(token)?.userID == userID && PubsubToken.parse(token)?.keyID == 2)
            #expect(keyring.verify(pubsubToken: token, nonce: claims.nonce) == claims)
            #expect(try keyring.mint(claims) == token)
            #expect(keyring.verify(pubsubToken: token, nonce: SecureRandom.uuid()) == nil, "a new nonce voids it")
            #expect(keyring.verify(token) == nil, "it is no access token")
        }
        #expect(throws: KeyringError.unknownKey(id: 3)) {
            try keyring.mint(PubsubTokenClaims(userID: 1, nonce: SecureRandom.uuid(), keyID: 3))
        }
    }

    @Test func everyOtherSpellingIsRefused() throws {
        let claims = PubsubTokenClaims(userID: 4711, nonce: SecureRandom.uuid(), keyID: 1)
        let token = Array(try keyring.mint(claims).utf8)
        var accepted: [String] = []
        for position in token.indices {
            for byte in UInt8(0)...127 where byte != token[position] {
                var other = token
                other[position] = byte
                let text = String(decoding: other, as: UTF8.self)
                if keyring.verify(pubsubToken: text, nonce: claims.nonce) != nil { accepted.append("\(byte) at \(position)") }
            }
        }
        #expect(accepted == [])
        let text = String(decoding: token, as: UTF8.self)
        for other in ["", text + "0", "0" + text, String(text.dropLast())] {
            #expect(keyring.verify(pubsubToken: other, nonce: claims.nonce) == nil)
            #expect(PubsubToken.parse(other) == nil)
        }
    }
}
