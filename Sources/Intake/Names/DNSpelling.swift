// SPDX-License-Identifier: Apache-2.0

/// How the parts of a distinguished name are written in their one spelling.
extension DNParser {
    /// The common case without detour: an RDN of `type=value` parts without escapes and doubled blanks.
    ///
    /// Returns nothing (and changes nothing) where the RDN is not so plain, otherwise whether it was the last.
    mutating func plainRDN(into output: inout [UInt8]) -> Bool? {
        let before = (count: output.count, index: index)
        var isSorted = true
        var previous: Range<Int>?
        while true {
            let start = output.count
            guard plainPart(into: &output) else { return rewind(&output, before) }
            if let previous, output[start...].lexicographicallyPrecedes(output[previous]) { isSorted = false }
            previous = start..<output.count
            guard index < bytes.count else { return isSorted ? true : rewind(&output, before) }
            let separator = bytes[index]
            index += 1
            while index < bytes.count, bytes[index] == UInt8(ascii: " ") { index += 1 }
            guard isSorted, index < bytes.count else { return rewind(&output, before) }
            output.append(separator)
            if separator == UInt8(ascii: ",") { return false }
        }
    }

    /// One `type=value` up to its comma, plus sign or the end; false where it is not plain.
    private mutating func plainPart(into output: inout [UInt8]) -> Bool {
        let start = output.count
        while index < bytes.count, NameForm.lower(bytes[index]) &- 0x61 < 26 {
            output.append(NameForm.lower(bytes[index]))
            index += 1
        }
        // Shorter than six letters no type has another spelling (`cn`, `ou`, `dc`, `uid`, `mail`).
        guard 1..<6 ~= output.count - start, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "="),
            Self.isPlain[Int(bytes[index + 1])] || bytes[index + 1] >= 0x80
        else { return false }
        output.append(UInt8(ascii: "="))
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            if Self.isPlain[Int(byte)] {
                output.append(NameForm.lower(byte))
                index += 1
            } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "+") {
                break
            } else if byte == UInt8(ascii: " "), output.last != byte {
                output.append(byte)
                index += 1
            } else if byte >= 0x80, let length = CaseFolding.fold(bytes, at: index, into: &output) {
                index += length
            } else {
                return false
            }
        }
        return output.last != UInt8(ascii: " ")
    }

    private mutating func rewind(_ output: inout [UInt8], _ before: (count: Int, index: Int)) -> Bool? {
        output.removeLast(output.count - before.count)
        index = before.index
        return nil
    }

    /// `type=value` with folded case, single blanks and the escapes that are needed.
    func spelling(of part: Part) -> [UInt8] {
        var spelled = part.type
        spelled.append(UInt8(ascii: "="))
        if part.isOpaque {
            spelled.append(UInt8(ascii: "#"))
            for byte in part.value { Hex.append(byte, to: &spelled) }
            return spelled
        }
        let folded = CaseFolding.folded(part.value)
        var isBlank = true
        var pending = false
        for byte in folded {
            if byte == UInt8(ascii: " ") {
                pending = !isBlank
                continue
            }
            if pending { spelled.append(UInt8(ascii: " ")) }
            pending = false
            if ",+\"\\<>;=".utf8.contains(byte) || (isBlank && byte == UInt8(ascii: "#")) {
                spelled.append(UInt8(ascii: "\\"))
                spelled.append(byte)
            } else if byte == 0 {
                spelled.append(contentsOf: "\\00".utf8)
            } else {
                spelled.append(byte)
            }
            isBlank = false
        }
        return spelled
    }

    /// The short name of RFC 4514 for a long name or an identifier of the same type.
    static func shortName(_ type: [UInt8]) -> [UInt8] {
        guard type.count > 2 else { return type }
        let name = String(decoding: type, as: UTF8.self)
        let plain = name.hasPrefix("oid.") ? String(name.dropFirst(4)) : name
        return Array((shortNames[plain] ?? plain).utf8)
    }

    private static let shortNames = [
        "2.5.4.3": "cn", "commonname": "cn", "2.5.4.4": "sn", "surname": "sn", "2.5.4.6": "c", "countryname": "c",
        "2.5.4.7": "l", "localityname": "l", "2.5.4.8": "st", "stateorprovincename": "st", "2.5.4.9": "street",
        "streetaddress": "street", "2.5.4.10": "o", "organizationname": "o", "2.5.4.11": "ou",
        "organizationalunitname": "ou", "0.9.2342.19200300.100.1.25": "dc", "domaincomponent": "dc",
        "0.9.2342.19200300.100.1.1": "uid", "userid": "uid", "1.2.840.113549.1.9.1": "e", "emailaddress": "e",
    ]

    /// Bytes that stand for themselves in both spellings, a blank apart.
    private static let isPlain: [Bool] = (0..<256).map { byte in
        byte > 0x20 && byte < 0x7F && !",+\"\\<>;=#".utf8.contains(UInt8(byte))
    }
}
