// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Whether both have the same bytes, in a time that depends on their lengths only.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.withUnsafeBytes { left in right.withUnsafeBytes { right in constantTimeEquals(left, right) } }
}

/// Whether both have the same bytes, in a time that depends on their lengths only.
package func constantTimeEquals(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return CRYPTO_memcmp(first, second, left.count) == 0
}

/// Overwrites the buffer with zeros, which no optimiser removes.
package func zeroise(_ buffer: UnsafeMutableRawBufferPointer) {
    OPENSSL_cleanse(buffer.baseAddress, buffer.count)
}

/// Overwrites the array's bytes with zeros, when no copy of it shares them.
package func zeroise(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { zeroise($0) }
}
