// SPDX-License-Identifier: Apache-2.0

import Secrets

extension DesiredPerson {
    /// Appends the one JSON text of this desired state: sorted keys, no blanks, the same bytes for the same person.
    ///
    /// Fields that the policy leaves alone have no key, cleared ones are null. Ids and names of the entry itself are
    /// not part of it: the link holds those. Of a password hash there is a mark that changes with it.
    package func writeCanonicalJSON(into buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "{"))
        if let authentication { write(authentication, into: &buffer) }
        if !customAttributes.isEmpty {
            buffer.appendASCII("\"custom_attributes\":{")
            for index in customAttributes.indices {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                buffer.appendJSON(customAttributes[index].key)
                buffer.append(UInt8(ascii: ":"))
                buffer.appendJSON(customAttributes[index].value)
            }
            buffer.appendASCII("},")
        }
        if let displayName {
            buffer.appendASCII("\"display_name\":")
            buffer.appendJSON(displayName)
            buffer.append(UInt8(ascii: ","))
        }
        buffer.appendASCII("\"email\":")
        buffer.appendJSON(email)
        buffer.appendASCII(enabled ? ",\"enabled\":true,\"groups\":" : ",\"enabled\":false,\"groups\":")
        buffer.appendJSON(groups)
        buffer.appendASCII(",\"name\":")
        buffer.appendJSON(name)
        if let passwordHash {
            buffer.appendASCII(",\"password\":")
            buffer.appendJSON(passwordHash.mark)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    private func write(_ authentication: DesiredAuthentication, into buffer: inout [UInt8]) {
        guard authentication.provider != nil || authentication.subject != nil else { return }
        buffer.appendASCII("\"authentication\":{")
        if let provider = authentication.provider {
            buffer.appendASCII("\"provider\":")
            buffer.appendJSON(provider)
        }
        if let subject = authentication.subject {
            buffer.appendASCII(authentication.provider == nil ? "\"subject\":" : ",\"subject\":")
            buffer.appendJSON(subject)
        }
        buffer.appendASCII("},")
    }

    /// The canonical JSON in an array of its own.
    package var canonicalJSON: [UInt8] {
        var buffer: [UInt8] = []
        writeCanonicalJSON(into: &buffer)
        return buffer
    }
}

extension [UInt8] {
    mutating func appendASCII(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    mutating func appendJSON(_ value: FieldValue) {
        switch value {
        case .null: appendASCII("null")
        case .text(let text): appendJSON(text)
        case .texts(let texts): appendJSON(texts)
        case .number(let number): append(contentsOf: number.utf8)
        case .boolean(let flag): appendASCII(flag ? "true" : "false")
        }
    }

    mutating func appendJSON(_ texts: [String]) {
        append(UInt8(ascii: "["))
        for index in texts.indices {
            if index > 0 { append(UInt8(ascii: ",")) }
            appendJSON(texts[index])
        }
        append(UInt8(ascii: "]"))
    }

    mutating func appendJSON(_ text: String) {
        var text = text
        append(UInt8(ascii: "\""))
        text.withUTF8 { bytes in
            // Without a way out of the loop, which then goes over many bytes at a time.
            var special: UInt8 = 0
            for byte in bytes { special |= byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0 }
            if special == 0 { append(contentsOf: bytes) } else { appendEscaped(bytes) }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ bytes: UnsafeBufferPointer<UInt8>) {
        let digits = StaticString("0123456789abcdef")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                appendASCII("\\u00")
                append(digits.utf8Start[Int(byte >> 4)])
                append(digits.utf8Start[Int(byte & 15)])
            default:
                append(byte)
            }
        }
    }
}

/// Order and equality of texts by their bytes: Swift's own compare by canonical equivalence, which a database does not.
enum ByteOrder {
    static func isLess(_ a: String, _ b: String) -> Bool {
        let isLess = a.utf8.withContiguousStorageIfAvailable { first in
            b.utf8.withContiguousStorageIfAvailable { second in first.lexicographicallyPrecedes(second) }
        }
        return (isLess ?? nil) ?? a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    static func isSame(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
    }

    /// Sorts and drops repetitions.
    static func sortUnique(_ texts: inout [String]) {
        guard texts.count > 1 else { return }
        texts.sort(by: isLess)
        var kept = 1
        for index in 1..<texts.count where !isSame(texts[index], texts[kept - 1]) {
            texts[kept] = texts[index]
            kept += 1
        }
        texts.removeLast(texts.count - kept)
    }
}
