// SPDX-License-Identifier: Apache-2.0
import Foundation
import Secrets
import Testing

@Suite struct AccessTokenTests {
    private let keyring: Keyring

    init() throws {
        keyring = try Keyring([.random(id: 1), .random(id: 2), .random(id: .max)], currentID: 2)
    }

    /// The first 74 characters with a checksum that fits: what an attacker can do as well as we.
    private func withChecksum(_ body: some Sequence<UInt8>) -> String {
        let body = Array(body.prefix(74))
        var text = body + [UInt8](repeating: 0, count: 6)
        let checksum = body.withUnsafeBufferPointer { CRC32.checksum($0) }
        text.withUnsafeMutableBufferPointer { Base62.encode(UInt64(checksum), into: .init(rebasing: $0[74...])) }
        return String(decoding: text, as: UTF8.self)
    }

    private func randomClaims(_ random: inout SplitMix64) -> AccessTokenClaims {
        let nonce = random.bytes(16).withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
        let ids: [Int64] = [0, 1, -1, .max, .min, Int64.random(in: .min ... .max, using: &random)]
        return AccessTokenClaims(
            owner: AccessTokenClaims.Owner.allCases.randomElement(using: &random)!, id: ids.randomElement(using: &random)!,
            nonce: UUID(uuid: nonce), keyID: [1, 2, .max].randomElement(using: &random)!)
    }

    @Test func mintedTokenVerifies() throws {
        let seed: UInt64 = 0x5EED_0010
        var random = SplitMix64(seed: seed)
        let pattern = try Regex(AccessToken.pattern)
        for _ in 0..<300 {
            let claims = randomClaims(&random)
            let token = try keyring.mint(claims)
            #expect(keyring.verify(token) == claims, "seed \(seed), \(claims)")
            #expect(keyring.verify(Substring(token)) == claims)
            #expect(try keyring.mint(claims) == token, "showing a token again recomputes it")
            #expect(token.utf8.count == AccessToken.length && token.hasPrefix("\(claims.owner.prefix)"))
            #expect(token.wholeMatch(of: pattern) != nil)
            #expect(withChecksum(token.utf8) == token)
        }
    }

    @Test func scannersFindIt() throws {
        let token = try keyring.mint(.init(owner: .user, id: 42, nonce: SecureRandom.uuid(), keyID: 2))
        let pattern = try Regex(AccessToken.pattern)
        for text in ["curl -H 'api_access_token: \(token)'", "TOKEN=\(token)\n", "{\"t\":\"\(token)\"}", "?t=\(token)&x"] {
            #expect(text.firstMatch(of: pattern).map { String(text[$0.range]) } == token)
        }
        for text in [String(token.dropLast()), token + "A", "x" + token, "mst_xxx_" + token.dropFirst(8)] {
            #expect(text.firstMatch(of: pattern) == nil)
        }
    }

    @Test func everyOtherSpellingIsRefused() throws {
        let token = Array(try keyring.mint(.init(owner: .platformApp, id: 42, nonce: SecureRandom.uuid(), keyID: 2)).utf8)
        var accepted: [String] = []
        for position in token.indices {
            for byte in UInt8.min...UInt8.max where byte != token[position] {
                var other = token
                other[position] = byte
                let claims = other.withUnsafeBufferPointer { keyring.verify($0) }
                if claims != nil { accepted.append("\(byte) at \(position)") }
            }
        }
        #expect(accepted == [])
        let text = String(decoding: token, as: UTF8.self)
        let others = [
            "", " " + text, text + " ", text + "\n", text + "\0", String(text.dropLast()), String(text.dropFirst()),
            text.uppercased(), text.lowercased(), text + text, "Bearer " + text, text.replacingOccurrences(of: "_", with: "-"),
            "\u{FEFF}" + text,
        ]
        for other in others { #expect(keyring.verify(other) == nil, "\(other)") }
    }

    /// With the checksum made to fit, only the code stands between a forger and the database.
    @Test func forgedTokenIsRefused() throws {
        let seed: UInt64 = 0x5EED_0011
        var random = SplitMix64(seed: seed)
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var wrong: [String] = []
        for _ in 0..<100 {
            let token = Array(try keyring.mint(randomClaims(&random)).utf8)
            for position in 8..<74 {
                var other = token
                other[position] = alphabet.randomElement(using: &random)!
                let text = withChecksum(other)
                if (keyring.verify(text) == nil) != (other != token) { wrong.append("\(position) of \(text)") }
            }
        }
        #expect(wrong == [], "seed \(seed)")
    }

    @Test func aTokenOfOneKindIsNoneOfAnother() throws {
        let nonce = SecureRandom.uuid()
        var seen: Set<Substring> = []
        for owner in AccessTokenClaims.Owner.allCases {
            let token = try keyring.mint(.init(owner: owner, id: 5, nonce: nonce, keyID: 2))
            #expect(seen.insert(token.dropFirst(8)).inserted, "the kind is part of the code")
            for other in AccessTokenClaims.Owner.allCases where other != owner {
                #expect(keyring.verify(withChecksum("\(other.prefix)\(token.dropFirst(8))".utf8)) == nil)
            }
        }
    }

    /// A word has room for values beyond 64 bits: a second spelling of the same number would be a second token.
    @Test func overflowingWordsAreRefused() throws {
        let token = try keyring.mint(.init(owner: .user, id: 5, nonce: SecureRandom.uuid(), keyID: 2))
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var text = Array(token.utf8)
        var respelled = 0
        for word in 0..<6 {
            let range = 8 + word * 11..<19 + word * 11
            let value = text[range].reduce(UInt128(0)) { $0 * 62 + UInt128(alphabet.firstIndex(of: $1)!) }
            var rest = value + UInt128(UInt64.max) + 1
            let original = text
            for position in range.reversed() {
                text[position] = alphabet[Int(rest % 62)]
                rest /= 62
            }
            guard rest == 0 else { continue }
            respelled += 1
            #expect(keyring.verify(withChecksum(text)) == nil)
            text = original
        }
        #expect(respelled == 6)
        #expect(keyring.verify(withChecksum(text)) != nil)
    }

    @Test func keysAreKeptApart() throws {
        let claims = AccessTokenClaims(owner: .user, id: 5, nonce: SecureRandom.uuid(), keyID: 2)
        let token = try keyring.mint(claims)
        #expect(try Keyring([.random(id: 2)], currentID: 2).verify(token) == nil, "same number, other key")
        #expect(try Keyring([.random(id: 1)], currentID: 1).verify(token) == nil, "unknown number")
        #expect(throws: KeyringError.unknownKey(id: 9)) {
            try keyring.mint(.init(owner: .user, id: 5, nonce: SecureRandom.uuid(), keyID: 9))
        }
    }

    @Test func rubbishIsRefused() {
        let seed: UInt64 = 0x5EED_0012
        var random = SplitMix64(seed: seed)
        var accepted: [String] = []
        for _ in 0..<20_000 {
            var bytes = random.bytes(Int.random(in: 0...100, using: &random))
            if Bool.random(using: &random) { bytes = Array("mst_usr_".utf8) + bytes }
            if bytes.withUnsafeBufferPointer({ keyring.verify($0) }) != nil { accepted.append(Hex.encode(bytes)) }
        }
        #expect(accepted == [], "seed \(seed)")
    }

    /// Forged tokens arrive as fast as the network delivers them; the bound is generous because others use the machine as well.
    @Test func mintingAndVerifyingIsCheap() throws {
        let claims = AccessTokenClaims(owner: .user, id: 5, nonce: SecureRandom.uuid(), keyID: 2)
        let token = try keyring.mint(claims)
        func best(_ body: () throws -> Bool) rethrows -> Double {
            var best = Duration.seconds(1000)
            for _ in 0..<7 {
                var failures = 0
                let time = try ContinuousClock().measure {
                    for _ in 0..<5000 where try !body() { failures += 1 }
                }
                #expect(failures == 0)
                best = min(best, time)
            }
            return best / .microseconds(5000)
        }
        let mint = try best { try keyring.mint(claims).utf8.count == 80 }
        let verify = best { keyring.verify(token) != nil }
        print(String(format: "access token: mint %.2f µs, verify %.2f µs", mint, verify))
        #expect(mint < 100 && verify < 100, "mint \(mint) µs, verify \(verify) µs")
    }
}
