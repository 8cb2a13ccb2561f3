// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Signatures by Ed25519 (RFC 8032).
package enum Ed25519 {
    /// The length of a public key in bytes.
    package static let publicKeyLength = 32
    /// The length of a signature in bytes.
    package static let signatureLength = 64

    /// Whether the signature is one of the key's owner over exactly this message; false for keys and signatures of another length.
    package static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard publicKey.count == publicKeyLength, signature.count == signatureLength else { return false }
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else { return false }
        defer { EVP_PKEY_free(key) }
        let context = Libcrypto.required(EVP_MD_CTX_new(), "EVP_MD_CTX")
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
