// SPDX-License-Identifier: Apache-2.0

/// The grammar of a JSON number, byte by byte.
struct NumberScan {
    private enum State: UInt8 {
        case start, minus, zero, integer, point, fraction, exponent, sign, power
    }

    private var state = State.start

    /// Whether the number may end here.
    var isWhole: Bool {
        switch state {
        case .zero, .integer, .fraction, .power: true
        case .start, .minus, .point, .exponent, .sign: false
        }
    }

    /// Takes a byte, if the number can go on with it.
    @inline(__always)
    mutating func takes(_ byte: UInt8) -> Bool {
        let next: State? =
            switch (state, byte) {
            case (.start, 0x2D): .minus
            case (.start, 0x30), (.minus, 0x30): .zero
            case (.start, 0x31...0x39), (.minus, 0x31...0x39), (.integer, 0x30...0x39): .integer
            case (.zero, 0x2E), (.integer, 0x2E): .point
            case (.point, 0x30...0x39), (.fraction, 0x30...0x39): .fraction
            case (.zero, 0x65), (.zero, 0x45), (.integer, 0x65), (.integer, 0x45), (.fraction, 0x65), (.fraction, 0x45):
                .exponent
            case (.exponent, 0x2B), (.exponent, 0x2D): .sign
            case (.exponent, 0x30...0x39), (.sign, 0x30...0x39), (.power, 0x30...0x39): .power
            default: nil
            }
        guard let next else { return false }
        state = next
        return true
    }
}

/// Runs of text that need no look at the single byte.
enum PlainText {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The first byte from `index` on that is a quotation mark, a backslash, a control or not ASCII; or the end.
    @inline(__always)
    static func run(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
        var index = index
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            let special =
                ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- ones &* 0x20) & ~word | word) & tops
            if special != 0 { return index &+ special.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { return index }
            index &+= 1
        }
        return index
    }

    /// The first line feed from `index` on, or the end.
    @inline(__always)
    static func lineFeed(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
        var index = index
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ (ones &* 0x0A)
            let found = (word &- ones) & ~word & tops
            if found != 0 { return index &+ found.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < bytes.count, bytes[index] != 0x0A { index &+= 1 }
        return index
    }
}
