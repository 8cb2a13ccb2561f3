// SPDX-License-Identifier: Apache-2.0

/// Lower case for bytes that are mostly ASCII.
enum CaseFolding {
    /// The text in lower case; bytes that are not UTF-8 only where they are ASCII.
    static func folded(_ text: [UInt8]) -> [UInt8] {
        folded(text[...])
    }

    /// Whether a text is another one that is folded already.
    static func isEqual(_ text: ArraySlice<UInt8>, folded other: [UInt8]) -> Bool {
        text.withUnsafeBytes { text in
            other.withUnsafeBytes { other in
                for index in 0..<min(text.count, other.count) where text[index] != other[index] {
                    // Beyond ASCII, lower case may be longer or shorter.
                    if text[index] >= 0x80 { return folded(Array(text)).elementsEqual(other) }
                    if NameForm.lower(text[index]) != other[index] { return false }
                }
                return text.count == other.count || (text.contains { $0 >= 0x80 } && folded(Array(text)).elementsEqual(other))
            }
        }
    }

    static func folded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(where: { $0 >= 0x80 }), let string = String(validating: text, as: UTF8.self) else {
            return text.map(NameForm.lower)
        }
        return Array(string.lowercased().utf8)
    }
}

/// Hexadecimal digits.
enum Hex {
    @inline(__always)
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x37
        case 0x61...0x66: byte &- 0x57
        default: nil
        }
    }

    static func append(_ byte: UInt8, to output: inout [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        digits.withUTF8Buffer { digits in
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
    }
}
