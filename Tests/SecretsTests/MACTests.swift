// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

/// Known answers of RFC 4231 (HMAC), RFC 5869 (HKDF) and the GCM specification, and what tampering does to them.
@Suite struct MACTests {
    struct Vector: Sendable {
        var key: [UInt8]
        var message: [UInt8]
        var code: String
    }

    static let rfc4231: [Vector] = [
        Vector(
            key: [UInt8](repeating: 0x0b, count: 20), message: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 20), message: [UInt8](repeating: 0xdd, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: Array(1...25), message: [UInt8](repeating: 0xcd, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 131),
            message: Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test(arguments: rfc4231) func hmac(vector: Vector) {
        let key = HMACKey(vector.key)
        #expect(key.authenticate(vector.message) == hex(vector.code))
        #expect(key.authenticate(vector.message) == hex(vector.code), "the key is not used up")
        #expect(key.isValid(hex(vector.code), for: vector.message))
        #expect(key.isValid(Array(hex(vector.code).prefix(16)), for: vector.message))
        #expect(!key.isValid(Array(hex(vector.code).prefix(15)), for: vector.message), "too short to prove anything")
        #expect(!key.isValid([], for: vector.message))
        #expect(!key.isValid(hex(vector.code), for: vector.message + [0]))
    }

    @Test func hmacOfTheEmptyKey() {
        let expected = hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
        #expect(HMACKey([] as [UInt8]).authenticate([]) == expected)
    }

    @Test func hmacKeyIsSharedByThreads() async {
        let key = HMACKey(Self.rfc4231[0].key)
        let expected = hex(Self.rfc4231[0].code)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<2000).count { _ in key.authenticate(Self.rfc4231[0].message) != expected }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test func hkdf() {
        let first = [UInt8](repeating: 0x0b, count: 22).withUnsafeBytes { key in
            HKDF.sha256(key: key, salt: Array(0...12), info: Array(0xf0...0xf9), length: 42)
        }
        #expect(
            reveal(first)
                == hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"))
        let second = (Array(0...0x4f) as [UInt8]).withUnsafeBytes { key in
            HKDF.sha256(key: key, salt: Array(0x60...0xaf), info: Array(0xb0...0xff), length: 82)
        }
        #expect(
            reveal(second)
                == hex(
                    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                        + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"))
        let third = [UInt8](repeating: 0x0b, count: 22).withUnsafeBytes { key in
            HKDF.sha256(key: key, info: [], length: 42)
        }
        #expect(
            reveal(third)
                == hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"))
    }

    static let gcmKey = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    static let gcmNonce = hex("cafebabefacedbaddecaf888")
    static let gcmPlain = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    static let gcmContext = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    static let gcmSealed = hex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            + "76fc6ece0f4e1768cddf8853bb2d551b")

    @Test func gcm() {
        let sealed = Self.gcmPlain.withUnsafeBytes { plain in
            AESGCM.seal(plain, key: secret(Self.gcmKey), nonce: Self.gcmNonce, authenticating: Self.gcmContext)
        }
        #expect(sealed == Self.gcmSealed)
        let opened = AESGCM.open(
            sealed, key: secret(Self.gcmKey), nonce: Self.gcmNonce, authenticating: Self.gcmContext)
        #expect(opened.map(reveal) == Self.gcmPlain)
    }

    @Test func gcmRefusesEveryFlippedBit() {
        func isRefused(_ sealed: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ context: [UInt8]) -> Bool {
            AESGCM.open(sealed, key: secret(key), nonce: nonce, authenticating: context) == nil
        }
        let (sealed, key, nonce, context) = (Self.gcmSealed, Self.gcmKey, Self.gcmNonce, Self.gcmContext)
        for bit in 0..<sealed.count * 8 { #expect(isRefused(flip(sealed, bit), key, nonce, context)) }
        for bit in 0..<key.count * 8 { #expect(isRefused(sealed, flip(key, bit), nonce, context)) }
        for bit in 0..<nonce.count * 8 { #expect(isRefused(sealed, key, flip(nonce, bit), context)) }
        for bit in 0..<context.count * 8 { #expect(isRefused(sealed, key, nonce, flip(context, bit))) }
        #expect(isRefused(Array(sealed.dropLast()), key, nonce, context))
        #expect(isRefused([], key, nonce, context))
        #expect(isRefused(sealed, Array(key.dropLast()), nonce, context))
        #expect(isRefused(sealed, key, Array(nonce.dropLast()), context))
    }
}

/// The bytes with one bit inverted.
func flip(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << (bit % 8)
    return bytes
}
