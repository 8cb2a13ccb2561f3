// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Incremental SHA-256, reusable: `finalize` leaves it ready for the next message without a new allocation.
package struct SHA256Hasher: ~Copyable, Sendable {
    /// Owned by this value alone, which cannot be copied: whoever holds it has exclusive access.
    private nonisolated(unsafe) let context: OpaquePointer

    /// A hasher for a new message.
    package init() {
        context = Libcrypto.required(EVP_MD_CTX_new(), "EVP_MD_CTX")
        Libcrypto.require(EVP_DigestInit_ex2(context, Libcrypto.sha256, nil), "SHA-256")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Appends bytes to the message.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        Libcrypto.require(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "SHA-256")
    }

    /// Appends bytes to the message.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Appends the text's UTF-8 to the message.
    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// Writes the 32 bytes of the digest to the front of the buffer and starts a new message.
    package mutating func finalize(into buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count >= Digest.sha256Length, "a SHA-256 digest needs 32 bytes")
        let bytes = buffer.bindMemory(to: UInt8.self)
        Libcrypto.require(EVP_DigestFinal_ex(context, bytes.baseAddress, nil), "SHA-256")
        Libcrypto.require(EVP_DigestInit_ex2(context, nil, nil), "SHA-256")
    }

    /// The digest of the message; starts a new one.
    package mutating func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Digest.sha256Length) { buffer, count in
            finalize(into: UnsafeMutableRawBufferPointer(buffer))
            count = Digest.sha256Length
        }
    }
}
