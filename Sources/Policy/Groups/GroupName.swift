// SPDX-License-Identifier: Apache-2.0

import Intake

/// The one spelling of the names by which groups name their members and policies name groups.
///
/// What begins with `attribute=` and can be read as a distinguished name is one; any other name is plain: an id, a path, an
/// e-mail, trimmed and in lower case. A plain name that begins with `*` gets a `\` before it: `*` is for pseudo-groups.
enum GroupName {
    /// Whether a text means to be a distinguished name: `cn=…`, `2.5.4.3=…`.
    static func looksDistinguished(_ text: ArraySlice<UInt8>) -> Bool {
        guard let sign = text.firstIndex(of: UInt8(ascii: "=")) else { return false }
        let type = text[..<sign].trimmed
        return !type.isEmpty
            && type.allSatisfy { $0 | 0x20 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    /// A plain name, or nil where there is nothing, or U+0000.
    static func plain(_ text: ArraySlice<UInt8>) -> String? {
        let trimmed = text.trimmed
        guard !trimmed.isEmpty, !trimmed.contains(0) else { return nil }
        let folded = String(decoding: trimmed, as: UTF8.self).lowercased()
        return folded.utf8.first == UInt8(ascii: "*") ? "\\" + folded : folded
    }

    /// A name in an export whose names are plain; one that is distinguished all the same is read as such.
    static func inPlainExport(_ text: ArraySlice<UInt8>) -> String? {
        if looksDistinguished(text) {
            var buffer: [UInt8] = []
            if text.withUnsafeBytes({ DistinguishedName.normalise($0, into: &buffer) }), !buffer.isEmpty {
                return String(decoding: buffer, as: UTF8.self)
            }
        }
        return plain(text)
    }

    /// What a name says first: the value of a distinguished name's first part, the last part of a path, or the name itself.
    static func leading(_ name: ArraySlice<UInt8>) -> String {
        let text = String(decoding: name.trimmed, as: UTF8.self)
        if looksDistinguished(name), let value = DistinguishedName.leadingValue(of: text) { return value }
        guard let last = text.split(separator: "/").last else { return text }
        return String(last)
    }

    /// A value as it stands in a distinguished name (RFC 4514, section 2.4).
    static func escaped(_ value: String) -> String {
        var escaped = ""
        for (index, scalar) in value.unicodeScalars.enumerated() {
            if ",+\"\\<>;=".unicodeScalars.contains(scalar) || (index == 0 && (scalar == "#" || scalar == " ")) {
                escaped += "\\"
            }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped
    }
}

/// The names of groups or organisational units that a policy means by one text: `cn=*,ou=teams,dc=example,dc=org`, `/teams/*`.
///
/// `*` stands for any characters of one part: no comma of a distinguished name, no `/` of a path.
struct GroupPattern: Sendable, Hashable {
    /// The pattern in the spelling of names.
    let key: String
    private let parts: [Wildcard]
    private let separator: UInt8

    /// Stands for `*` while a name is normalised, so that an escaped asterisk stays one.
    private static let star: Unicode.Scalar = "\u{F8FE}"

    /// Reads a pattern; nil where it means to be a distinguished name and is none.
    init?(_ text: String) {
        let marked = text.replacing("*", with: String(Self.star))
        let isDistinguished = GroupName.looksDistinguished(ArraySlice(text.utf8))
        let name = isDistinguished ? DistinguishedName.normalised(marked) : GroupName.plain(ArraySlice(marked.utf8))
        guard let name, !name.isEmpty else { return nil }
        key = name.replacing(String(Self.star), with: "*")
        separator = isDistinguished ? UInt8(ascii: ",") : UInt8(ascii: "/")
        parts = Self.parts(of: name[...], separator).map { Wildcard($0, star: Self.star, one: nil) }
    }

    /// Whether a name in its one spelling is meant.
    func matches(_ name: some StringProtocol) -> Bool {
        let found = Self.parts(of: Substring(name), separator)
        return found.count == parts.count && zip(parts, found).allSatisfy { $0.matches($1) }
    }

    /// A name in its parts; an escaped comma parts nothing.
    private static func parts(of name: Substring, _ separator: UInt8) -> [Substring] {
        var parts: [Substring] = []
        var start = name.startIndex
        var isEscaped = false
        for index in name.utf8.indices {
            let byte = name.utf8[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), separator == UInt8(ascii: ",") {
                isEscaped = true
            } else if byte == separator {
                parts.append(name[start..<index])
                start = name.utf8.index(after: index)
            }
        }
        parts.append(name[start...])
        return parts
    }
}
