// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore

/// The strong validator of an answer: `"<row_version>-<digest of the body>"`.
///
/// A write asks for the version alone, inside its statement. A read is compared whole, since a body also shows what has no
/// version of its own here: names of the user's accounts, the live token, what the caller may see.
struct EntityTag {
    let text: String

    /// The tag of a body that shows an object in this version.
    init(version: Int64, body: ByteBuffer) {
        // Told to one caller about its own body, it need not withstand anybody.
        text = "\"\(version)-\(body.withUnsafeReadableBytes { Checksum.text($0) })\""
    }

    /// The version that a tag of ours names.
    static func version(in tag: Substring) -> Int64? {
        guard tag.first == "\"", let end = tag.firstIndex(of: "-") else { return nil }
        return Int64(tag[tag.index(after: tag.startIndex)..<end])
    }
}

/// The value of `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2).
enum EntityTagList {
    case any
    /// Whole tags with their quotes, and whether each was marked as weak.
    case tags([(tag: Substring, isWeak: Bool)])

    /// Reads the header; nil when it is absent. What is no tag ends the list: nothing behind it can be told apart.
    init?(_ name: HTTPField.Name, in headers: HTTPFields) {
        guard let text = headers[name] else { return nil }
        var rest = text[...].trimmingBlanks()
        if rest == "*" {
            self = .any
            return
        }
        var tags: [(Substring, Bool)] = []
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            let isWeak = rest.hasPrefix("W/")
            let start = isWeak ? rest.dropFirst(2) : rest
            guard start.first == "\"", let end = start.dropFirst().firstIndex(of: "\"") else { break }
            tags.append((start[...end], isWeak))
            rest = start[start.index(after: end)...]
        }
        self = .tags(tags)
    }
}
