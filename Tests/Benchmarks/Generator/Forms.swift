// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Bytes on their way to a file, in large pieces.
struct Output {
    private let file: Int32
    private var buffer: [UInt8] = []

    init(file: Int32) {
        self.file = file
        buffer.reserveCapacity(1 << 20)
    }

    mutating func text(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count > 1 << 19 { flush() }
    }

    mutating func flush() {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { write(file, $0.baseAddress.map { $0 + written }, $0.count - written) }
            // The reader went away: nothing is left to do.
            guard count > 0 else { exit(1) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// The form of ldap3's `response_to_json` with schema: keys sorted, four blanks, ASCII with escapes.
enum LDAP3Form {
    static func write(_ directory: FakeDirectory, to out: inout Output) {
        var isFirst = true
        out.text("{\n    \"entries\": [")
        directory.forEach { person in
            out.text(isFirst ? "\n" : ",\n")
            isFirst = false
            out.text(entry(person))
        }
        out.text(isFirst ? "]\n}" : "\n    ]\n}")
    }

    private static func entry(_ person: Person) -> String {
        """
                {
                    "attributes": {
                        "cn": [
                            \(quoted(person.cn))
                        ],
                        "displayName": \(quoted(person.cn)),
                        "employeeNumber": "\(person.employee)",
                        "entryUUID": "\(person.uuid)",
                        "givenName": [
                            \(quoted(FakeDirectory.givenNames[person.given]))
                        ],
                        "mail": [
                            "\(person.mail)"
                        ],
                        "memberOf": \(groups(person)),
                        "objectClass": [
                            "inetOrgPerson"
                        ],
                        "sn": [
                            \(quoted(FakeDirectory.surnames[person.surname]))
                        ],
                        "telephoneNumber": [
                            "\(person.phone)"
                        ],
                        "title": [
                            "\(FakeDirectory.titles[person.title])"
                        ],
                        "uid": [
                            "\(person.uid)"
                        ]
                    },
                    "dn": \(quoted(person.dn))
                }
        """
    }

    private static func groups(_ person: Person) -> String {
        guard !person.groups.isEmpty else { return "[]" }
        let lines = person.groups.map { "                    \"\(Person.groupDN($0))\"" }
        return "[\n\(lines.joined(separator: ",\n"))\n                ]"
    }

    private static func quoted(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return "\"\(text)\"" }
        var quoted = "\""
        for unit in text.utf16 {
            if unit < 0x80 {
                quoted.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let hex = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }
        }
        return quoted + "\""
    }
}

/// The form of ldapsearch: header, base64 where needed, lines folded at 79, trailer.
enum LDIFForm {
    static func write(_ directory: FakeDirectory, to out: inout Output) {
        var count = 0
        out.text("# extended LDIF\n#\n# LDAPv3\n# base <\(FakeDirectory.base)> with scope subtree\n#\n\n")
        directory.forEach { person in
            count += 1
            out.text(record(person))
        }
        out.text("# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: \(count + 1)\n")
        if count > 0 { out.text("# numEntries: \(count)\n") }
    }

    private static func record(_ person: Person) -> String {
        var text = ""
        add("dn", person.dn, to: &text)
        add("objectClass", "inetOrgPerson", to: &text)
        add("cn", person.cn, to: &text)
        add("sn", FakeDirectory.surnames[person.surname], to: &text)
        add("displayName", person.cn, to: &text)
        add("givenName", FakeDirectory.givenNames[person.given], to: &text)
        add("mail", person.mail, to: &text)
        add("title", FakeDirectory.titles[person.title], to: &text)
        add("telephoneNumber", person.phone, to: &text)
        add("employeeNumber", person.employee, to: &text)
        add("uid", person.uid, to: &text)
        add("entryUUID", person.uuid, to: &text)
        for group in person.groups { add("memberOf", Person.groupDN(group), to: &text) }
        return text + "\n"
    }

    private static func add(_ name: String, _ value: String, to text: inout String) {
        let isPlain = value.utf8.allSatisfy { $0 < 0x80 }
        var line = isPlain ? "\(name): \(value)" : "\(name):: \(base64(Array(value.utf8)))"
        while line.utf8.count > 78 {
            text += line.prefix(78) + "\n"
            line = " " + line.dropFirst(78)
        }
        text += line + "\n"
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? digits[Int(bits >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
