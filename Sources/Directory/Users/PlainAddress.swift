// SPDX-License-Identifier: Apache-2.0

/// An address of ASCII alone, judged byte by byte: thousands come in one call, and characters are ten times as dear.
struct PlainAddress {
    private let bytes: String.UTF8View

    /// nil for an address with anything else than ASCII in it.
    init?(_ email: String) {
        guard email.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        bytes = email.utf8
    }

    /// What ``UserRules/isEmail(_:)`` says of it.
    var isEmail: Bool {
        var ats = 0
        var localLength = 0
        var labels = Labels()
        for byte in bytes {
            if byte <= 0x20 || Self.isForbidden(byte) { return false }
            if byte == UInt8(ascii: "@") {
                ats += 1
            } else if ats == 0 {
                localLength += 1
            } else {
                labels.append(byte)
            }
        }
        return ats == 1 && localLength > 0 && labels.areSound
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""):
            true
        default: false
        }
    }

    /// The labels of the domain, read from the left; what is kept is of the last one.
    private struct Labels {
        private var count = 1
        private var length = 0
        private var lastByte: UInt8 = 0
        private var isAllLetters = true
        private var prefixLength = 0
        private var isBroken = false

        mutating func append(_ byte: UInt8) {
            if byte == UInt8(ascii: ".") {
                isBroken = isBroken || !isWhole
                self = Labels(count: count + 1, isBroken: isBroken)
                return
            }
            if length == 0, byte == UInt8(ascii: "-") { isBroken = true }
            if length == prefixLength, length < 4, byte == Self.prefix(length) { prefixLength += 1 }
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            isAllLetters = isAllLetters && isLetter
            lastByte = byte
            length += 1
        }

        /// A byte of `xn--`, which begins a label in other letters.
        private static func prefix(_ index: Int) -> UInt8 {
            switch index {
            case 0: UInt8(ascii: "x")
            case 1: UInt8(ascii: "n")
            default: UInt8(ascii: "-")
            }
        }

        /// Whether the label can end here.
        private var isWhole: Bool { length > 0 && lastByte != UInt8(ascii: "-") }

        var areSound: Bool {
            count >= 2 && !isBroken && isWhole && length >= 2 && (isAllLetters || prefixLength == 4)
        }

        init() {}

        private init(count: Int, isBroken: Bool) {
            self.count = count
            self.isBroken = isBroken
        }
    }
}
