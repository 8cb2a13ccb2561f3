// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// AES-256-GCM with a 12 byte nonce and a 16 byte tag.
package enum AESGCM {
    /// The length of the nonce in bytes.
    package static let nonceLength = 12
    /// The length of the tag in bytes.
    package static let tagLength = 16

    /// The ciphertext followed by the tag.
    package static func seal(
        _ plain: UnsafeRawBufferPointer, key: SecretBytes, nonce: [UInt8], authenticating aad: [UInt8]
    ) -> [UInt8] {
        precondition(key.count == 32 && nonce.count == nonceLength, "AES-256-GCM needs 32 bytes of key and 12 of nonce")
        let context = Libcrypto.required(EVP_CIPHER_CTX_new(), "AES-256-GCM")
        defer { EVP_CIPHER_CTX_free(context) }
        Libcrypto.require(EVP_EncryptInit_ex2(context, Libcrypto.aes256GCM, key.bytes, nonce, nil), "AES-256-GCM")
        var written: Int32 = 0
        Libcrypto.require(EVP_EncryptUpdate(context, nil, &written, aad, Int32(aad.count)), "AES-256-GCM")
        return [UInt8](unsafeUninitializedCapacity: plain.count + tagLength) { buffer, count in
            let output = buffer.baseAddress
            let input = plain.bindMemory(to: UInt8.self).baseAddress
            Libcrypto.require(EVP_EncryptUpdate(context, output, &written, input, Int32(plain.count)), "AES-256-GCM")
            let tag = output.map { $0 + plain.count }
            Libcrypto.require(EVP_EncryptFinal_ex(context, tag, &written), "AES-256-GCM")
            let result = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), tag)
            Libcrypto.require(result, "AES-256-GCM")
            count = plain.count + tagLength
        }
    }

    /// The plain bytes, or nil when key, nonce, ciphertext, tag or authenticated data are not those of the sealing.
    package static func open(_ sealed: [UInt8], key: SecretBytes, nonce: [UInt8], authenticating aad: [UInt8]) -> SecretBytes? {
        guard key.count == 32, nonce.count == nonceLength, sealed.count > tagLength else { return nil }
        let context = Libcrypto.required(EVP_CIPHER_CTX_new(), "AES-256-GCM")
        defer { EVP_CIPHER_CTX_free(context) }
        Libcrypto.require(EVP_DecryptInit_ex2(context, Libcrypto.aes256GCM, key.bytes, nonce, nil), "AES-256-GCM")
        var written: Int32 = 0
        Libcrypto.require(EVP_DecryptUpdate(context, nil, &written, aad, Int32(aad.count)), "AES-256-GCM")
        let length = sealed.count - tagLength
        var tag = Array(sealed[length...])
        var isAuthentic = false
        let plain = SecretBytes(count: length) { output in
            let start = output.bindMemory(to: UInt8.self).baseAddress
            Libcrypto.require(EVP_DecryptUpdate(context, start, &written, sealed, Int32(length)), "AES-256-GCM")
            let result = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag)
            Libcrypto.require(result, "AES-256-GCM")
            isAuthentic = EVP_DecryptFinal_ex(context, start.map { $0 + length }, &written) == 1
        }
        return isAuthentic ? plain : nil
    }
}
