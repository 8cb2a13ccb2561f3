// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing

@Suite struct Ed25519Tests {
    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// RFC 8032, 7.1, tests 1 and 3.
    @Test(arguments: [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]) func theVectorsOfTheRFC(key: String, message: String, signature: String) {
        let (key, message, signature) = (Self.bytes(key), Self.bytes(message), Self.bytes(signature))
        #expect(Ed25519.isValid(signature, of: message, publicKey: key))
        #expect(!Ed25519.isValid(signature, of: message + [0], publicKey: key))
        for index in [0, 31, 32, 63] {
            var wrong = signature
            wrong[index] ^= 1
            #expect(!Ed25519.isValid(wrong, of: message, publicKey: key))
        }
        var other = key
        other[3] ^= 1
        #expect(!Ed25519.isValid(signature, of: message, publicKey: other))
        #expect(!Ed25519.isValid(Array(signature.dropLast()), of: message, publicKey: key))
        #expect(!Ed25519.isValid(signature, of: message, publicKey: Array(key.dropLast())))
        #expect(!Ed25519.isValid([], of: message, publicKey: []))
    }
}
