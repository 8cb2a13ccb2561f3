// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// One-shot digests.
package enum Digest {
    /// The length of a SHA-256 digest in bytes.
    package static let sha256Length = 32

    /// The SHA-256 digest of the bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { sha256($0) }
    }

    /// The SHA-256 digest of the text's UTF-8.
    package static func sha256(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { sha256(UnsafeRawBufferPointer($0)) }
    }

    /// The SHA-256 digest of the bytes.
    package static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: sha256Length) { buffer, count in
            let result = EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, nil, Libcrypto.sha256, nil)
            Libcrypto.require(result, "SHA-256")
            count = sha256Length
        }
    }
}
