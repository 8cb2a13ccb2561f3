// SPDX-License-Identifier: Apache-2.0
import COpenSSL
package import FoundationEssentials

/// Random values of cryptographic quality.
package enum SecureRandom {
    /// Fills the buffer with random bytes.
    package static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard !buffer.isEmpty else { return }
        let bytes = buffer.bindMemory(to: UInt8.self)
        Libcrypto.require(RAND_bytes(bytes.baseAddress, Int32(bytes.count)), "RAND_bytes")
    }

    /// Random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            initialised = count
        }
    }

    /// A random UUID (version 4).
    package static func uuid() -> UUID {
        var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &uuid) { fill($0) }
        uuid.6 = uuid.6 & 0x0F | 0x40
        uuid.8 = uuid.8 & 0x3F | 0x80
        return UUID(uuid: uuid)
    }

    /// `count` random bytes as lower-case hexadecimal text of twice that length.
    package static func hex(_ count: Int) -> String {
        Hex.encode(bytes(count))
    }

    /// Random text of `length` base62 characters, 5.95 bits each.
    package static func base62(_ length: Int) -> String {
        String(unsafeUninitializedCapacity: length) { text in
            var filled = 0
            while filled < length {
                // 248 = 4 * 62: bytes above it would favour the first characters.
                for byte in bytes(length - filled + 8) where byte < 248 && filled < length {
                    text[filled] = Base62.character(byte % 62)
                    filled += 1
                }
            }
            return length
        }
    }
}
