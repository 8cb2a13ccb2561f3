// SPDX-License-Identifier: Apache-2.0

/// The name of an attribute, compared without regard to case; made once and used for every entry.
///
/// Options (`cn;lang-fr`) are part of the name: `cn` does not match `cn;lang-fr`. Their order and case have no
/// meaning. `;binary` says how a value travels and `;range=0-499` which part of it came, not what it is:
/// the readers drop both, and so does this type.
package struct AttributeName: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// Lower-case ASCII, kept options sorted.
    let folded: [UInt8]
    /// A hash of `folded`, by which an entry is searched.
    let key: UInt64

    /// Makes a name from any text; see `init(validating:)` for input of people.
    package init(_ name: some StringProtocol) {
        let parsed = NameForm.folded(Array(name.utf8))
        folded = parsed
        key = parsed.withUnsafeBytes { NameForm.key($0) }
    }

    /// Makes a name from what a person wrote; nothing where the text is neither an attribute description of RFC 4512 nor a
    /// path (`profile.login`, `@odata.type`, `urn:…:User.department`).
    ///
    /// Any other name, such as a column `Worker Status`, stands in braces: `{Worker Status}`.
    package init?(validating name: some StringProtocol) {
        if name.first == "{", name.last == "}" {
            let inner = name.dropFirst().dropLast()
            guard inner.contains(where: { !$0.isWhitespace }), !inner.contains(where: { "{}|".contains($0) }) else { return nil }
            self.init(inner)
        } else {
            guard NameForm.isDescription(Array(name.utf8)) else { return nil }
            self.init(name)
        }
    }

    package init(stringLiteral value: String) {
        self.init(value)
    }

    /// The name in lower case.
    package var description: String {
        String(decoding: folded, as: UTF8.self)
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.key == b.key && a.folded == b.folded
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(key)
    }
}

/// How attribute names are folded, hashed and freed of the options that say nothing about meaning.
enum NameForm {
    /// A hash over bytes that ignores ASCII case.
    ///
    /// Bit 0x20 is set in every byte, which makes more names equal than folding does: a match is always confirmed.
    @inline(__always)
    static func key(_ name: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: name.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index &+ 8 <= name.count {
            let word = name.loadUnaligned(fromByteOffset: index, as: UInt64.self) | 0x2020_2020_2020_2020
            hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash &>> 32
            index &+= 8
        }
        var tail: UInt64 = 0
        while index < name.count {
            tail = tail &<< 8 | UInt64(name[index] | 0x20)
            index &+= 1
        }
        hash = (hash ^ tail) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash &>> 29)
    }

    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// Whether two names are equal without regard to ASCII case.
    @inline(__always)
    static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        for index in 0..<a.count where a[index] != b[index] {
            if lower(a[index]) != lower(b[index]) { return false }
        }
        return true
    }

    /// Lower case, without transfer options, the others sorted.
    static func folded(_ name: [UInt8]) -> [UInt8] {
        let lowered = name.map(lower)
        guard lowered.contains(semicolon) else { return lowered }
        var parts = lowered.split(separator: semicolon, omittingEmptySubsequences: true)
        guard !parts.isEmpty else { return lowered }
        let base = parts.removeFirst()
        let kept = parts.filter { !isTransferOption($0) }.sorted { $0.lexicographicallyPrecedes($1) }
        return Array(([base] + kept).joined(separator: [semicolon]))
    }

    /// The bytes that names of attributes and their options are made of.
    static let isNameByte: [Bool] = (0..<256).map { isWord(UInt8($0)) || ".;=*".utf8.contains(UInt8($0)) }

    static let semicolon = UInt8(ascii: ";")

    static func isTransferOption(_ option: ArraySlice<UInt8>) -> Bool {
        option.elementsEqual("binary".utf8) || option.starts(with: "range=".utf8)
    }

    /// `attributetype *( ";" option )` of RFC 4512: a keyword or a numeric identifier, options of letters, digits, hyphens.
    ///
    /// `range=0-499` and `_` (Active Directory, 389 and others use both) are allowed beyond the RFC, and paths as readers of
    /// JSON make them.
    static func isDescription(_ name: [UInt8]) -> Bool {
        let parts = name.split(separator: semicolon, omittingEmptySubsequences: false)
        guard let base = parts.first, let first = base.first else { return false }
        let isKeyword =
            (lower(first) &- 0x61 < 26 || "@$_".utf8.contains(first))
            && base.allSatisfy { isWord($0) || ".:@$/".utf8.contains($0) }
            && base.last.map { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: ":") } == true
        let isNumeric =
            first &- 0x30 < 10 && base.last.map { $0 &- 0x30 < 10 } == true
            && base.allSatisfy { $0 &- 0x30 < 10 || $0 == UInt8(ascii: ".") }
        guard isKeyword || isNumeric else { return false }
        return parts.dropFirst().allSatisfy { option in
            !option.isEmpty && option.allSatisfy { isWord($0) || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "*") }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        lower(byte) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
