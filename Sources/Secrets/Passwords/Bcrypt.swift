// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// bcrypt through libcrypt: blocks for as long as the cost says.
enum Bcrypt {
    static let maximumPasswordLength = 72
    /// A stored hash with a higher cost would occupy a thread for many seconds: whoever can plant one could stop all sign-ins.
    static let maximumCost = 15

    /// A password as libcrypt wants it: ended by NUL, overwritten after use.
    static func prepare(
        _ password: String, maximum: Int = maximumPasswordLength
    ) throws(PasswordError) -> SecretBytes {
        var password = password
        let length = password.utf8.count
        guard length <= maximum else { throw .tooLong }
        guard !password.utf8.contains(0) else { throw .containsNUL }
        return password.withUTF8 { text in
            SecretBytes(count: length + 1) { $0.copyBytes(from: text) }
        }
    }

    /// A password of no characters.
    static let empty = SecretBytes(count: 1) { _ in }

    /// A setting with a random salt, of which a hash is made.
    static func setting(cost: Int) -> String {
        let salt = SecureRandom.bytes(16)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CRYPT_GENSALT_OUTPUT_SIZE)) { output in
            let made = salt.withUnsafeBytes { salt in
                crypt_gensalt_rn(
                    "$2b$", UInt(cost), salt.bindMemory(to: CChar.self).baseAddress, Int32(salt.count), output.baseAddress,
                    Int32(output.count))
            }
            return String(cString: Libcrypto.required(made, "bcrypt salt"))
        }
    }

    /// The hash of a prepared password, or nil when libcrypt refuses the setting.
    static func hash(_ password: SecretBytes, setting: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: muster_crypt_data_size(), alignment: 16) { scratch in
            scratch.initializeMemory(as: UInt8.self, repeating: 0)
            defer { zeroise(scratch) }
            return password.withUnsafeBytes { password in
                let phrase = password.bindMemory(to: CChar.self).baseAddress
                let hash = crypt_rn(phrase, setting, scratch.baseAddress, Int32(scratch.count))
                return hash.map { String(cString: $0) }
            }
        }
    }

    /// Whether the hash is that of a prepared password.
    static func verify(_ password: SecretBytes, hash: String) -> Bool {
        guard let computed = Self.hash(password, setting: hash) else { return false }
        // The salt's last character has spare bits, which libcrypt clears: only the digest after it is compared.
        let digestStart = 29
        return constantTimeEquals(Array(computed.utf8.dropFirst(digestStart)), Array(hash.utf8.dropFirst(digestStart)))
    }

    /// The cost of a `$2a$`, `$2b$` or `$2y$` hash, or nil when the text is none or its cost is beyond reason.
    static func cost(of hash: String) -> Int? {
        let text = Array(hash.utf8)
        guard text.count == 60, text[0] == UInt8(ascii: "$"), text[1] == UInt8(ascii: "2") else { return nil }
        guard "aby".utf8.contains(text[2]), text[3] == UInt8(ascii: "$"), text[6] == UInt8(ascii: "$") else { return nil }
        let digits = text[4...5].map { Int($0) - 48 }
        guard digits.allSatisfy((0...9).contains) else { return nil }
        let isEncoded = text[7...].allSatisfy { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") || Base62.value($0) != nil }
        let cost = digits[0] * 10 + digits[1]
        return isEncoded && (4...maximumCost).contains(cost) ? cost : nil
    }
}
