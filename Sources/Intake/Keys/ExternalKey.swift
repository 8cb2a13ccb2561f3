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
            guard let raw = GUID.rawBytes(value.bytes) else { throw Self.isDamaged(value.bytes) ? .damaged : .malformed }
            guard !Self.isDamaged(raw[...]) else { throw .damaged }
            self.init(.guid, GUID.fromActiveDirectory(raw))
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

    /// Whether the bytes are text with U+FFFD in it; a sound identifier of raw bytes may contain its bytes, but is no text.
    private static func isDamaged(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        while index + 2 < bytes.endIndex {
            if bytes[index] == 0xEF, bytes[index + 1] == 0xBF, bytes[index + 2] == 0xBD {
                return bytes.withUnsafeBytes { UTF8Check.isValid($0) }
            }
            index += 1
        }
        return false
    }
}
