// SPDX-License-Identifier: Apache-2.0

/// The canonical bytes of an immutable identifier, equal for one object in whatever export it stands.
///
/// A tag byte and what the identifier is: a GUID as 16 bytes in network order (from `{…}`, plain text, or the raw
/// bytes of `objectGUID`, whose first three groups Active Directory keeps little-endian), a SID as its text, any other
/// text or bytes as they are. Made to be stored: tags and forms never change.
package struct ExternalKey: Sendable, Hashable, CustomStringConvertible {
    /// What the identifier is; the raw value is the tag.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case guid = 1
        case sid = 2
        case text = 3
        case binary = 4
        case dn = 5
    }

    /// Why a value cannot identify anything.
    package enum Fault: String, Error, Sendable, CaseIterable {
        /// No byte, or only blanks.
        case empty
        /// Contains U+FFFD: an exporter took bytes for text and lost some of them.
        case damaged
        /// Longer than an identifier is (512 bytes), too long for the index.
        case tooLong
        /// Not of the form that this attribute has (`objectGUID` of 15 bytes).
        case malformed

        package var code: String { rawValue }
    }

    package let kind: Kind
    /// Tag and canonical bytes, as stored.
    package let bytes: [UInt8]

    private init(_ kind: Kind, _ payload: some Collection<UInt8>) {
        self.kind = kind
        bytes = [kind.rawValue] + payload
    }

    /// Makes the key from the value of an attribute.
    ///
    /// - Parameter attribute: decides how raw bytes are meant (`objectGUID`, `objectSid`).
    package init(_ value: AttributeValue, of attribute: AttributeName) throws(Fault) {
        let isBlank = value.bytes.allSatisfy { $0 == 0x20 }
        guard !isBlank else { throw .empty }
        guard value.bytes.count <= 512 else { throw .tooLong }
        if value.kind == .text {
            if let guid = GUID.parse(value.bytes) {
                self.init(.guid, guid)
                return
            }
            if let sid = SID.canonical(text: value.bytes) {
                self.init(.sid, sid)
                return
            }
        }
        // Raw bytes that happen to be valid UTF-8 count as text in every export: length and form tell them apart.
        if attribute == Self.objectGUID {
            guard !Self.isDamaged(value.bytes) else { throw .damaged }
            guard let guid = GUID.fromActiveDirectory(value.bytes) else { throw .malformed }
            self.init(.guid, guid)
        } else if attribute == Self.objectSid {
            guard !Self.isDamaged(value.bytes) else { throw .damaged }
            guard let sid = SID.text(binary: value.bytes) else { throw .malformed }
            self.init(.sid, sid.utf8)
        } else if value.kind == .text {
            guard !Self.isDamaged(value.bytes) else { throw .damaged }
            self.init(.text, value.bytes)
        } else {
            self.init(.binary, value.bytes)
        }
    }

    /// Makes the key of something that has no better identifier than its name.
    package init?(distinguishedName dn: some StringProtocol) {
        guard let normalised = DistinguishedName.normalised(dn), !normalised.isEmpty else { return nil }
        self.init(.dn, normalised.utf8)
    }

    /// The identifier for people: a GUID in lower case with hyphens, text as it is, other bytes in hexadecimal.
    package var description: String {
        let payload = bytes.dropFirst()
        switch kind {
        case .guid: return GUID.text(payload)
        case .sid, .text, .dn: return String(decoding: payload, as: UTF8.self)
        case .binary:
            var hex: [UInt8] = []
            for byte in payload { Hex.append(byte, to: &hex) }
            return String(decoding: hex, as: UTF8.self)
        }
    }

    private static let objectGUID: AttributeName = "objectGUID"
    private static let objectSid: AttributeName = "objectSid"

    private static func isDamaged(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        while index + 2 < bytes.endIndex {
            if bytes[index] == 0xEF, bytes[index + 1] == 0xBF, bytes[index + 2] == 0xBD { return true }
            index += 1
        }
        return false
    }
}

/// The spellings of a GUID.
private enum GUID {
    /// 16 bytes in network order from `6ecc91e7-1491-405c-af2f-54e6920e3747`, the same in braces or without hyphens.
    static func parse(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var text = text
        if text.count == 38, text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") {
            text = text.dropFirst().dropLast()
            guard text.count == 36 else { return nil }
        }
        guard text.count == 36 || text.count == 32 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var index = text.startIndex
        while index < text.endIndex {
            let offset = index - text.startIndex
            if text.count == 36, offset == 8 || offset == 13 || offset == 18 || offset == 23 {
                guard text[index] == UInt8(ascii: "-") else { return nil }
                index += 1
                continue
            }
            guard index + 1 < text.endIndex, let high = Hex.digit(text[index]), let low = Hex.digit(text[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    /// 16 bytes in network order from the raw bytes of `objectGUID`, or from their base64.
    static func fromActiveDirectory(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes = Array(raw)
        if bytes.count == 24 {
            var decoded: [UInt8] = []
            guard bytes.withUnsafeBytes({ Base64.decode($0, into: &decoded) }) else { return nil }
            bytes = decoded
        }
        guard bytes.count == 16 else { return nil }
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
        return order.map { bytes[$0] }
    }

    static func text(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        for (offset, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(offset) { text.append(UInt8(ascii: "-")) }
            Hex.append(byte, to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The spellings of a Windows security identifier.
private enum SID {
    /// `S-1-5-21-…` with a capital letter, nothing where the text is something else.
    static func canonical(text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count > 4, NameForm.lower(text[text.startIndex]) == UInt8(ascii: "s") else { return nil }
        let parts = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].count == 1, parts[1].elementsEqual("1".utf8),
            parts.dropFirst().allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 &- 0x30 < 10 } })
        else { return nil }
        return [UInt8(ascii: "S")] + text.dropFirst()
    }

    /// The text of the binary form: revision, count, authority in network order, sub-authorities little-endian.
    static func text(binary: ArraySlice<UInt8>) -> String? {
        let bytes = Array(binary)
        guard bytes.count >= 8, bytes[0] == 1, bytes[1] <= 15, bytes.count == 8 + 4 * Int(bytes[1]) else { return nil }
        let authority = bytes[2..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var text = "S-1-\(authority)"
        for index in stride(from: 8, to: bytes.count, by: 4) {
            let sub = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) }
            text += "-\(sub)"
        }
        return text
    }
}
