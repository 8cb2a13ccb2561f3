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

    /// Appends the lower case of the character beyond ASCII at `index`, as `folded` gives it, and says how many bytes it has.
    ///
    /// Knows the scripts of two bytes whose lower case is one of them too (Latin, Greek, Cyrillic ...) and those of three
    /// bytes that have no case (U+3000 to U+9FFF); nothing where the character is another one, or no UTF-8.
    @inline(__always)
    static func fold(_ bytes: UnsafeRawBufferPointer, at index: Int, into output: inout [UInt8]) -> Int? {
        let lead = bytes[index]
        guard index + 1 < bytes.count, bytes[index + 1] & 0xC0 == 0x80 else { return nil }
        switch lead {
        case 0xC2...0xDF:
            let folded = twoBytes[Int(lead & 0x1F) << 6 | Int(bytes[index + 1] & 0x3F)]
            guard folded > 0 else { return nil }
            output.append(0xC0 | UInt8(folded >> 6))
            output.append(0x80 | UInt8(folded & 0x3F))
            return 2
        case 0xE3...0xE9:
            guard index + 2 < bytes.count, bytes[index + 2] & 0xC0 == 0x80 else { return nil }
            for byte in bytes[index..<(index + 3)] { output.append(byte) }
            return 3
        default: return nil
        }
    }

    /// Lower case of U+0080 to U+07FF where it is among them; 0 elsewhere.
    private static let twoBytes: [UInt16] = (0..<0x800).map { (value: UInt32) in
        guard value >= 0x80, let scalar = Unicode.Scalar(value) else { return 0 }
        let lower = scalar.properties.lowercaseMapping.unicodeScalars
        guard let first = lower.first, lower.count == 1, 0x80..<0x800 ~= first.value else { return 0 }
        return UInt16(first.value)
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
