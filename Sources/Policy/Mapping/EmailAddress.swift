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
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")), (1...64).contains(at) else { return false }
        let local = bytes[..<at]
        guard local.allSatisfy(isLocal), local.first != dot, local.last != dot else { return false }
        let labels = bytes[(at + 1)...].split(separator: dot, omittingEmptySubsequences: false)
        guard labels.count >= 2, let top = labels.last else { return false }
        for label in labels {
            guard (1...63).contains(label.count), label.first != hyphen, label.last != hyphen else { return false }
            guard label.allSatisfy({ isLetter($0) || isDigit($0) || $0 == hyphen }) else { return false }
        }
        return top.count >= 2 && (top.allSatisfy(isLetter) || top.starts(with: "xn--".utf8))
    }

    private static let dot = UInt8(ascii: ".")
    private static let hyphen = UInt8(ascii: "-")
    /// What RFC 5322 allows unquoted, besides letters, digits and the dot.
    private static let special = Set("!#$%&'*+/=?^_`{|}~-.".utf8)

    private static func isLetter(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 || byte >= 0x80 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    private static func isLocal(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || special.contains(byte) }
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
