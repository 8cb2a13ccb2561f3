// SPDX-License-Identifier: Apache-2.0

/// The form of an e-mail that a user can have: `local@label.tld`, at most 255 characters, no blanks.
package enum EmailAddress {
    /// The address trimmed and in lower case, or nil where it has not the form.
    package static func normalised(_ text: some StringProtocol) -> String? {
        normalised(bytes: ArraySlice(text.utf8))
    }

    static func normalised(bytes: ArraySlice<UInt8>) -> String? {
        let trimmed = bytes.trimmed
        guard !trimmed.isEmpty, trimmed.count <= 4 * 255 else { return nil }
        var isASCII = true
        let lowered = trimmed.map { byte -> UInt8 in
            if byte >= 0x80 { isASCII = false }
            return byte &- 0x41 < 26 ? byte | 0x20 : byte
        }
        let address = isASCII ? String(decoding: lowered, as: UTF8.self) : String(decoding: lowered, as: UTF8.self).lowercased()
        guard isASCII ? lowered.count <= 255 : address.unicodeScalars.count <= 255 else { return nil }
        return hasForm(isASCII ? lowered : Array(address.utf8)) ? address : nil
    }

    private static func hasForm(_ bytes: [UInt8]) -> Bool {
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")), (1...64).contains(at), bytes.count <= 4 * 255 else { return false }
        for index in 0..<at where !isLocal(bytes[index]) { return false }
        guard bytes[0] != UInt8(ascii: "."), bytes[at - 1] != UInt8(ascii: ".") else { return false }
        var start = at + 1
        var labels = 0
        while let end = label(in: bytes, from: start) {
            labels += 1
            if end == bytes.count { return labels >= 2 && isTop(bytes[start..<end]) }
            start = end + 1
        }
        return false
    }

    /// The end of the domain's label that begins at `start`, or nil where none does.
    private static func label(in bytes: [UInt8], from start: Int) -> Int? {
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: ".") {
            guard isLetter(bytes[end]) || isDigit(bytes[end]) || bytes[end] == UInt8(ascii: "-") else { return nil }
            end += 1
        }
        guard (1...63).contains(end - start) else { return nil }
        return bytes[start] == UInt8(ascii: "-") || bytes[end - 1] == UInt8(ascii: "-") ? nil : end
    }

    private static func isTop(_ label: ArraySlice<UInt8>) -> Bool {
        label.count >= 2 && (label.allSatisfy(isLetter) || label.starts(with: "xn--".utf8))
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 || byte >= 0x80 }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// What RFC 5322 allows without quotes.
    private static func isLocal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^")...UInt8(ascii: "~"),
            0x80...:
            true
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without blanks and line ends around it.
    var trimmed: Self {
        var slice = self
        while let first = slice.first, first == 0x20 || first &- 9 < 5 { slice.removeFirst() }
        while let last = slice.last, last == 0x20 || last &- 9 < 5 { slice.removeLast() }
        return slice
    }
}
