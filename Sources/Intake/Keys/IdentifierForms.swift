// SPDX-License-Identifier: Apache-2.0

/// The spellings of a GUID.
enum GUID {
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

    /// The 16 raw bytes of `objectGUID`, from themselves or from their base64.
    static func rawBytes(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes = Array(raw)
        if bytes.count == 24 {
            var decoded: [UInt8] = []
            guard bytes.withUnsafeBytes({ Base64.decode($0, into: &decoded) }) else { return nil }
            bytes = decoded
        }
        return bytes.count == 16 ? bytes : nil
    }

    /// 16 bytes in network order from the 16 raw bytes of `objectGUID`, of which three groups are little-endian.
    static func fromActiveDirectory(_ raw: [UInt8]) -> [UInt8] {
        [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map { raw[$0] }
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
enum SID {
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
