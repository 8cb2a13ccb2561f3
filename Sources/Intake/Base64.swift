// SPDX-License-Identifier: Apache-2.0

/// Strict base64 (RFC 4648): padding required, no blanks, no stray bits.
enum Base64 {
    /// Appends the decoded bytes; on false the text is not base64 and `output` is as before.
    static func decode(_ text: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Bool {
        guard text.count & 3 == 0 else { return false }
        guard text.count > 0 else { return true }
        let start = output.count
        let padding = text[text.count - 1] != pad ? 0 : text[text.count - 2] != pad ? 1 : 2
        output.reserveCapacity(start + text.count / 4 * 3)
        let isRight = values.withUnsafeBufferPointer { values in
            var index = 0
            let whole = text.count - (padding > 0 ? 4 : 0)
            while index < whole {
                let bits =
                    values[Int(text[index])] &<< 18 | values[Int(text[index &+ 1])] &<< 12
                    | values[Int(text[index &+ 2])] &<< 6 | values[Int(text[index &+ 3])]
                guard bits & wrong == 0 else { return false }
                output.append(UInt8(truncatingIfNeeded: bits &>> 16))
                output.append(UInt8(truncatingIfNeeded: bits &>> 8))
                output.append(UInt8(truncatingIfNeeded: bits))
                index &+= 4
            }
            guard padding > 0 else { return true }
            var bits = values[Int(text[index])] << 18 | values[Int(text[index + 1])] << 12
            if padding == 1 { bits |= values[Int(text[index + 2])] << 6 }
            guard bits & wrong == 0, bits & (padding == 1 ? 0xFF : 0xFFFF) == 0 else { return false }
            output.append(UInt8(truncatingIfNeeded: bits >> 16))
            if padding == 1 { output.append(UInt8(truncatingIfNeeded: bits >> 8)) }
            return true
        }
        if !isRight { output.removeLast(output.count - start) }
        return isRight
    }

    private static let pad = UInt8(ascii: "=")
    /// Set in the value of a byte that is no digit, and not reached by shifting a digit.
    private static let wrong: UInt32 = 0xFF00_0000
    private static let values: [UInt32] = {
        // All bits set survive any shift of the above: one wrong digit marks the whole group.
        var values = [UInt32](repeating: 0xFFFF_FFFF, count: 256)
        for (value, digit) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(digit)] = UInt32(value)
        }
        return values
    }()
}
