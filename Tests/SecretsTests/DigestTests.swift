// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

/// Known answers of FIPS 180, and agreement of all ways to the same digest.
@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func knownAnswers(message: String, digest: String) {
        #expect(Digest.sha256(message) == hex(digest))
        #expect(Hex.encode(Digest.sha256(Array(message.utf8))) == digest)
    }

    @Test func aMillionLettersInOddPieces() {
        var hasher = SHA256Hasher()
        var left = 1_000_000
        var piece = 0
        while left > 0 {
            piece = min(piece + 37, left)
            hasher.update([UInt8](repeating: UInt8(ascii: "a"), count: piece))
            left -= piece
        }
        #expect(hasher.finalize() == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
        hasher.update("abc")
        #expect(hasher.finalize() == Digest.sha256("abc"), "a hasher is ready for the next message")
        #expect(hasher.finalize() == Digest.sha256(""))
    }

    @Test func piecesDoNotMatter() {
        let seed: UInt64 = 0x5EED_0001
        var random = SplitMix64(seed: seed)
        var hasher = SHA256Hasher()
        for _ in 0..<200 {
            let message = random.bytes(Int.random(in: 0...300, using: &random))
            var rest = message[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 0...70, using: &random))
                hasher.update(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            #expect(hasher.finalize() == Digest.sha256(message), "seed \(seed), message \(Hex.encode(message))")
        }
    }

    @Test(.enabled(if: Python.isInstalled)) func pythonAgrees() async throws {
        var random = SplitMix64(seed: 0x5EED_0002)
        let messages = (0..<200).map { random.bytes($0) }
        let script = """
            import sys, hashlib, hmac
            for line in sys.argv[1].split(';'):
                m = bytes.fromhex(line)
                print(hashlib.sha256(m).hexdigest(), hmac.new(m[:100], m, 'sha256').hexdigest())
            """
        let answers = try await Python.run(script, [messages.map(Hex.encode).joined(separator: ";")])
        try #require(answers.count == messages.count)
        for (message, answer) in zip(messages, answers) {
            let code = HMACKey(Array(message.prefix(100))).authenticate(message)
            #expect("\(Hex.encode(Digest.sha256(message))) \(Hex.encode(code))" == answer)
        }
    }

    @Test func comparisonLooksAtEveryByte() {
        let bytes = Array(0..<64) as [UInt8]
        #expect(constantTimeEquals(bytes, bytes))
        #expect(constantTimeEquals([] as [UInt8], []))
        #expect(!constantTimeEquals(bytes, bytes + [0]))
        #expect(!constantTimeEquals([0] as [UInt8], []))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!constantTimeEquals(bytes, other))
        }
    }

    @Test func zeroisedBytesAreGone() {
        var bytes = [UInt8](repeating: 7, count: 100)
        zeroise(&bytes)
        #expect(bytes == [UInt8](repeating: 0, count: 100))
    }
}
