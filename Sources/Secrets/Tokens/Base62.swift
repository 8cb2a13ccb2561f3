// SPDX-License-Identifier: Apache-2.0

/// Fixed-length base62 numbers, most significant digit first, in the order `0-9A-Za-z`.
///
/// Every number has exactly one spelling of a given length: leading zeros are written, and a text whose value does not fit is
/// refused.
package enum Base62 {
    /// The characters of a 64-bit number.
    package static let wordLength = 11

    /// The character of a value below 62.
    package static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<10: UInt8(ascii: "0") + value
        case 10..<36: UInt8(ascii: "A") + value - 10
        default: UInt8(ascii: "a") + value - 36
        }
    }

    /// The value of a character, or nil when it is none of the alphabet.
    package static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 36
        default: nil
        }
    }

    /// Writes the number as `text.count` characters, which must be enough for it.
    package static func encode(_ number: UInt64, into text: UnsafeMutableBufferPointer<UInt8>) {
        var rest = number
        for position in text.indices.reversed() {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 62)
            text[position] = character(UInt8(truncatingIfNeeded: remainder))
            rest = quotient
        }
        precondition(rest == 0, "the number needs more base62 characters")
    }

    /// The number that the text spells, or nil when a character is foreign or the value exceeds 64 bits.
    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for character in text {
            guard let digit = value(character) else { return nil }
            let (shifted, overflowed) = number.multipliedReportingOverflow(by: 62)
            let (sum, carried) = shifted.addingReportingOverflow(UInt64(digit))
            guard !overflowed, !carried else { return nil }
            number = sum
        }
        return number
    }
}
