// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Key derivation by HKDF-SHA256 (RFC 5869).
package enum HKDF {
    /// Derives a key of `length` bytes (1 to 8160) from key material; `info` names what the key is for.
    package static func sha256(
        key: UnsafeRawBufferPointer, salt: [UInt8] = [], info: [UInt8], length: Int
    ) -> SecretBytes {
        precondition((1...8160).contains(length), "HKDF-SHA256 yields 1 to 8160 bytes")
        return SecretBytes(count: length) { output in
            let bytes = output.bindMemory(to: UInt8.self)
            let result = salt.withUnsafeBytes { salt in
                info.withUnsafeBytes { info in
                    muster_hkdf_sha256(
                        Libcrypto.hkdf, key.baseAddress, key.count, salt.baseAddress, salt.count, info.baseAddress, info.count,
                        bytes.baseAddress, bytes.count)
                }
            }
            Libcrypto.require(result, "HKDF-SHA256")
        }
    }

    /// Derives a key of `length` bytes; `purpose` names what it is for.
    package static func sha256(key: SecretBytes, purpose: String, length: Int = 32) -> SecretBytes {
        withExtendedLifetime(key) {
            sha256(key: key.buffer, info: Array(purpose.utf8), length: length)
        }
    }
}
