// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The algorithms of libcrypto, fetched once: a fetch costs more than the digest of a short message.
///
/// The objects are immutable after their fetch and reference counted with atomics, so that all threads share them.
enum Libcrypto {
    nonisolated(unsafe) static let sha256 = required(EVP_MD_fetch(nil, "SHA256", nil), "SHA256")
    nonisolated(unsafe) static let hmac = required(EVP_MAC_fetch(nil, "HMAC", nil), "HMAC")
    nonisolated(unsafe) static let hkdf = required(EVP_KDF_fetch(nil, "HKDF", nil), "HKDF")
    nonisolated(unsafe) static let aes256GCM = required(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil), "AES-256-GCM")

    /// Ends the process when libcrypto could not do what cannot fail on a sound installation: to go on would be unsafe.
    static func required<Value>(_ value: Value?, _ what: StaticString) -> Value {
        guard let value else { fatalError("libcrypto: \(what) is not available or memory is exhausted") }
        return value
    }

    /// Ends the process unless the call answered 1.
    @inline(__always)
    static func require(_ result: Int32, _ what: StaticString) {
        guard result == 1 else { fatalError("libcrypto: \(what) failed") }
    }
}
