// SPDX-License-Identifier: Apache-2.0

/// Distinguished names (RFC 4514) brought to one spelling, so that equal names are equal bytes.
///
/// Types and values in lower case, known types by their short name, blanks around separators gone and within
/// values single, escapes only where needed, hexadecimal strings decoded, parts of a multi-valued RDN sorted, the
/// bit string of a `uniqueMember` dropped. Values are compared without regard to case, as directories do for people
/// and groups; canonically equivalent Unicode spellings stay different.
package enum DistinguishedName {
    /// The one spelling of a name, nothing where the text is no distinguished name.
    package static func normalised(_ dn: some StringProtocol) -> String? {
        var output: [UInt8] = []
        let isName = Array(dn.utf8).withUnsafeBytes { normalise($0, into: &output) }
        return isName ? String(decoding: output, as: UTF8.self) : nil
    }

    /// The one spelling of a value that holds a name.
    package static func normalised(_ value: AttributeValue) -> String? {
        guard value.kind == .text else { return nil }
        var output: [UInt8] = []
        let isName = value.bytes.withUnsafeBytes { normalise($0, into: &output) }
        return isName ? String(decoding: output, as: UTF8.self) : nil
    }

    /// Appends the one spelling to `output`; on false, what was appended has no meaning.
    package static func normalise(_ dn: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Bool {
        var parser = DNParser(withoutBitString(dn))
        return parser.normalise(into: &output)
    }

    /// The name above, both in the one spelling; empty for a name of one part, nothing for the empty name.
    package static func parent(ofNormalised dn: String) -> String? {
        guard !dn.isEmpty else { return nil }
        var isEscaped = false
        for index in dn.utf8.indices {
            if isEscaped {
                isEscaped = false
            } else if dn.utf8[index] == UInt8(ascii: "\\") {
                isEscaped = true
            } else if dn.utf8[index] == UInt8(ascii: ",") {
                return String(dn[dn.utf8.index(after: index)...])
            }
        }
        return ""
    }

    /// Whether `base` is `dn` or above it, both in the one spelling; the empty name is above all.
    package static func contains(normalisedBase base: String, _ dn: String) -> Bool {
        if base.isEmpty || base == dn { return true }
        guard dn.utf8.count > base.utf8.count, dn.hasSuffix(base) else { return false }
        let before = dn.utf8.dropLast(base.utf8.count)
        guard before.last == UInt8(ascii: ",") else { return false }
        let escapes = before.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count
        return escapes.isMultiple(of: 2)
    }

    /// How many parts a name has that is in the one spelling, several values of one part counted once.
    static func depth(ofNormalised dn: String) -> Int {
        var depth = 0
        var rest: String? = dn.isEmpty ? nil : dn
        while let name = rest {
            depth += 1
            rest = parent(ofNormalised: name).flatMap { $0.isEmpty ? nil : $0 }
        }
        return depth
    }

    /// A name, as it is written, without its last parts; nothing where it has no more than these.
    static func head(of dn: String, withoutLast count: Int) -> String? {
        let bytes = Array(dn.utf8)
        /// Where each part ends.
        var ends: [Int] = []
        bytes.withUnsafeBytes { bytes in
            var parser = DNParser(bytes)
            while let part = parser.part() {
                if part.separator == UInt8(ascii: "+") { continue }
                ends.append(part.separator == nil ? bytes.count : parser.index - 1)
            }
        }
        guard ends.count > count else { return nil }
        return String(decoding: bytes[..<ends[ends.count - count - 1]], as: UTF8.self)
    }

    /// The value of the first part, as written but without escapes: `Doe, Jane` of `CN=Doe\, Jane,OU=People`.
    package static func leadingValue(of dn: some StringProtocol) -> String? {
        Array(dn.utf8).withUnsafeBytes { bytes in
            var parser = DNParser(bytes)
            guard let part = parser.part() else { return nil }
            return String(validating: part.value, as: UTF8.self)
        }
    }

    /// `cn=x#'0101'B` (the syntax of `uniqueMember`) without the bit string.
    private static func withoutBitString(_ dn: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard dn.count > 3, dn[dn.count - 1] == UInt8(ascii: "B"), dn[dn.count - 2] == UInt8(ascii: "'") else { return dn }
        var index = dn.count - 3
        while index > 1, dn[index] == UInt8(ascii: "0") || dn[index] == UInt8(ascii: "1") { index -= 1 }
        guard dn[index] == UInt8(ascii: "'"), dn[index - 1] == UInt8(ascii: "#") else { return dn }
        return UnsafeRawBufferPointer(rebasing: dn[..<(index - 1)])
    }
}

/// Reads a name part by part.
struct DNParser {
    /// One `type=value`.
    struct Part {
        var type: [UInt8]
        /// Without escapes and surrounding blanks.
        var value: [UInt8]
        /// A `#` string that could not be decoded, kept as it is.
        var isOpaque = false
        /// What follows: a comma, a plus sign, or nothing at the end.
        var separator: UInt8?
    }

    let bytes: UnsafeRawBufferPointer
    var index = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func normalise(into output: inout [UInt8]) -> Bool {
        skipBlanks()
        guard index < bytes.count else { return true }
        var rdn: [[UInt8]] = []
        while true {
            if rdn.isEmpty, let isLast = plainRDN(into: &output) {
                if isLast { return true }
                continue
            }
            guard let part = part() else { return false }
            rdn.append(spelling(of: part))
            if part.separator == UInt8(ascii: "+") { continue }
            if rdn.count > 1 { rdn.sort { $0.lexicographicallyPrecedes($1) } }
            for (position, spelled) in rdn.enumerated() {
                if position > 0 { output.append(UInt8(ascii: "+")) }
                output.append(contentsOf: spelled)
            }
            rdn.removeAll()
            guard let separator = part.separator else { return true }
            output.append(separator)
        }
    }

    /// The next part, nothing where there is none in the right form.
    mutating func part() -> Part? {
        skipBlanks()
        let start = index
        while index < bytes.count, Self.isTypeByte(bytes[index]) { index += 1 }
        let type = bytes[start..<index].map(NameForm.lower)
        skipBlanks()
        guard !type.isEmpty, index < bytes.count, bytes[index] == UInt8(ascii: "=") else { return nil }
        index += 1
        skipBlanks()
        var part = Part(type: Self.shortName(type), value: [])
        guard readValue(into: &part) else { return nil }
        skipBlanks()
        guard index < bytes.count else { return part }
        switch bytes[index] {
        case UInt8(ascii: ","), UInt8(ascii: ";"): part.separator = UInt8(ascii: ",")
        case UInt8(ascii: "+"): part.separator = UInt8(ascii: "+")
        default: return nil
        }
        index += 1
        return part
    }

    private mutating func readValue(into part: inout Part) -> Bool {
        guard index < bytes.count else { return true }
        switch bytes[index] {
        case UInt8(ascii: "#"): return readHexString(into: &part)
        case UInt8(ascii: "\""): return readQuoted(into: &part)
        default: return readPlain(into: &part)
        }
    }

    private mutating func readPlain(into part: inout Part) -> Bool {
        var significant = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "+"):
                part.value.removeLast(part.value.count - significant)
                return true
            case UInt8(ascii: "\\"):
                guard let escaped = readEscape() else { return false }
                part.value.append(escaped)
                significant = part.value.count
            case UInt8(ascii: "\""), 0:
                return false
            default:
                part.value.append(byte)
                index += 1
                if byte != UInt8(ascii: " ") { significant = part.value.count }
            }
        }
        part.value.removeLast(part.value.count - significant)
        return true
    }

    /// A value in quotes, as RFC 2253 still had it.
    private mutating func readQuoted(into part: inout Part) -> Bool {
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return true
            }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = readEscape() else { return false }
                part.value.append(escaped)
            } else {
                part.value.append(byte)
                index += 1
            }
        }
        return false
    }

    /// `\,` or `\2C`.
    private mutating func readEscape() -> UInt8? {
        guard index + 1 < bytes.count else { return nil }
        let byte = bytes[index + 1]
        if let high = Hex.digit(byte) {
            guard index + 2 < bytes.count, let low = Hex.digit(bytes[index + 2]) else { return nil }
            index += 3
            return high << 4 | low
        }
        guard " \"#+,;<=>\\".utf8.contains(byte) else { return nil }
        index += 2
        return byte
    }

    /// `#04024869`: the BER encoding of the value; a string type is decoded, any other stays as it is.
    private mutating func readHexString(into part: inout Part) -> Bool {
        index += 1
        var encoded: [UInt8] = []
        while index + 1 < bytes.count, let high = Hex.digit(bytes[index]), let low = Hex.digit(bytes[index + 1]) {
            encoded.append(high << 4 | low)
            index += 2
        }
        guard !encoded.isEmpty else { return false }
        let stringTags: [UInt8] = [0x04, 0x0C, 0x13, 0x16]
        if stringTags.contains(encoded[0]), encoded.count >= 2, encoded[1] < 0x80, Int(encoded[1]) == encoded.count - 2 {
            part.value = Array(encoded.dropFirst(2))
        } else {
            part.isOpaque = true
            part.value = encoded
        }
        return true
    }

    private mutating func skipBlanks() {
        while index < bytes.count, bytes[index] == UInt8(ascii: " ") { index += 1 }
    }

    private static func isTypeByte(_ byte: UInt8) -> Bool {
        NameForm.lower(byte) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }
}
