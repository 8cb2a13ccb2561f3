// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A digest by which other systems hash passwords.
enum HashAlgorithm: String, Sendable, CaseIterable {
    case sha1, sha256, sha384, sha512

    /// Reads `pbkdf2`, `pbkdf2-sha256`, `pbkdf2-sha512`.
    init?(pbkdf2 name: String) {
        switch name {
        case "pbkdf2", "pbkdf2-sha1": self = .sha1
        case "pbkdf2-sha256": self = .sha256
        case "pbkdf2-sha512": self = .sha512
        default: return nil
        }
    }

    /// As LDAP directories name it: `sha`, `sha256`.
    var ldapName: String { self == .sha1 ? "sha" : rawValue }

    /// Bytes of a digest.
    var length: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    private var method: OpaquePointer {
        let method =
            switch self {
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        return Libcrypto.required(method, "a digest")
    }

    /// The digest of a password with its salt after it.
    func digest(of password: UnsafeRawBufferPointer, salt: [UInt8]) -> [UInt8] {
        let message = SecretBytes(count: password.count + salt.count) { buffer in
            buffer.copyBytes(from: password)
            buffer[password.count...].copyBytes(from: salt)
        }
        return message.withUnsafeBytes { message in
            [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                Libcrypto.require(
                    EVP_Digest(message.baseAddress, message.count, buffer.baseAddress, nil, method, nil), "a digest")
                count = length
            }
        }
    }

    /// PBKDF2 with HMAC (RFC 8018): blocks for as long as the iterations say.
    func pbkdf2(_ password: UnsafeRawBufferPointer, salt: [UInt8], iterations: Int, length: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let result = PKCS5_PBKDF2_HMAC(
                password.bindMemory(to: CChar.self).baseAddress, Int32(password.count), salt, Int32(salt.count),
                Int32(iterations),
                method, Int32(length), buffer.baseAddress)
            Libcrypto.require(result, "PBKDF2")
            count = length
        }
    }
}
