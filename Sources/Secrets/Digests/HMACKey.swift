// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A key for HMAC-SHA256 whose schedule was computed once.
///
/// Thread safety: the keyed context is never changed after `init`; every message works on a duplicate of it.
package final class HMACKey: Sendable {
    /// The length of an authentication code in bytes.
    package static let codeLength = 32

    private nonisolated(unsafe) let keyed: OpaquePointer

    /// A key of any length.
    package init(_ key: UnsafeRawBufferPointer) {
        // A NULL key means "keep the former one" to libcrypto, so the empty key needs an address as well.
        let empty: [UInt8] = [0]
        keyed = empty.withUnsafeBytes { placeholder in
            let start = key.baseAddress ?? placeholder.baseAddress
            let bytes = start?.assumingMemoryBound(to: UInt8.self)
            return Libcrypto.required(muster_hmac_sha256_new(Libcrypto.hmac, bytes, key.count), "HMAC-SHA256")
        }
    }

    /// A key of any length.
    package convenience init(_ key: [UInt8]) {
        self.init(key.withUnsafeBytes { SecretBytes(copying: $0) })
    }

    /// A key of any length.
    package convenience init(_ key: SecretBytes) {
        self.init(key.buffer)
        withExtendedLifetime(key) {}
    }

    deinit {
        // Frees and cleanses the key's schedule.
        EVP_MAC_CTX_free(keyed)
    }

    /// Writes the 32 bytes of the message's code to the front of the buffer.
    package func authenticate(_ message: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count >= Self.codeLength, "an HMAC-SHA256 code needs 32 bytes")
        let context = Libcrypto.required(EVP_MAC_CTX_dup(keyed), "HMAC-SHA256")
        defer { EVP_MAC_CTX_free(context) }
        let bytes = message.bindMemory(to: UInt8.self)
        Libcrypto.require(EVP_MAC_update(context, bytes.baseAddress, bytes.count), "HMAC-SHA256")
        let code = buffer.bindMemory(to: UInt8.self)
        var length = 0
        Libcrypto.require(EVP_MAC_final(context, code.baseAddress, &length, code.count), "HMAC-SHA256")
    }

    /// The code of the message.
    package func authenticate(_ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.codeLength) { buffer, count in
            message.withUnsafeBytes { authenticate($0, into: UnsafeMutableRawBufferPointer(buffer)) }
            count = Self.codeLength
        }
    }

    /// Whether the code, which may be truncated to no less than 16 bytes, is the message's; compared in constant time.
    package func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        guard (16...Self.codeLength).contains(code.count) else { return false }
        return constantTimeEquals(code, Array(authenticate(message).prefix(code.count)))
    }
}

extension HMACKey: CustomStringConvertible, CustomReflectable {
    /// Never the key.
    package var description: String { "HMACKey(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
