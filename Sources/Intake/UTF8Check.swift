// SPDX-License-Identifier: Apache-2.0

/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Check {
    /// The length of the multi-byte sequence at `index`, 0 where it is wrong, -1 where it is right so far but cut by the end.
    @inline(__always)
    static func sequence(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        let lead = bytes[index]
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, high) = (4, 0x8F)
        default: return 0
        }
        var offset = 1
        while offset < length {
            guard index &+ offset < bytes.count else { return -1 }
            let byte = bytes[index &+ offset]
            guard byte >= low, byte <= high else { return 0 }
            (low, high) = (0x80, 0xBF)
            offset &+= 1
        }
        return length
    }

    /// Whether all of the bytes are valid UTF-8.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            while index &+ 8 <= bytes.count,
                bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                index &+= 8
            }
            guard index < bytes.count else { break }
            if bytes[index] < 0x80 {
                index &+= 1
            } else {
                let length = sequence(bytes, at: index)
                guard length > 0 else { return false }
                index &+= length
            }
        }
        return true
    }
}
