// SPDX-License-Identifier: Apache-2.0

/// Reads the text fields of a `multipart/form-data` body (RFC 7578). Parts with a file name are files, and left out here.
struct MultipartParser {
    private let delimiter: [UInt8]

    init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// The fields in their order; a value or name that is not UTF-8, a part without a name, or an end that is missing is
    /// malformed.
    func textFields(of body: [UInt8]) throws(FormParser.Malformed) -> [(name: String, value: String)] {
        // The first delimiter may stand at the very beginning.
        let text = Array("\r\n".utf8) + body
        guard var at = Self.find(delimiter, in: text, from: 0) else { throw FormParser.Malformed() }
        var fields: [(name: String, value: String)] = []
        while true {
            at += delimiter.count
            if text[at...].starts(with: "--".utf8) { return fields }
            // Blanks may stand behind a delimiter.
            while at < text.count, text[at] == 0x20 || text[at] == 0x09 { at += 1 }
            guard text[at...].starts(with: "\r\n".utf8), let end = Self.find(delimiter, in: text, from: at) else {
                throw FormParser.Malformed()
            }
            if let field = try Self.field(text[at..<end]) { fields.append(field) }
            at = end
        }
    }

    /// A part from the line break in front of its headers on; nil for a file.
    private static func field(_ part: ArraySlice<UInt8>) throws(FormParser.Malformed) -> (name: String, value: String)? {
        let bytes = Array(part)
        guard let blank = find(Array("\r\n\r\n".utf8), in: bytes, from: 0),
            let headers = String(validating: bytes[..<blank], as: UTF8.self)
        else { throw FormParser.Malformed() }
        let disposition = headers.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-disposition:") }
        guard let disposition, let name = parameter("name", of: disposition) else { throw FormParser.Malformed() }
        if parameter("filename", of: disposition) != nil || parameter("filename*", of: disposition) != nil { return nil }
        guard let value = String(validating: bytes[(blank + 4)...], as: UTF8.self) else { throw FormParser.Malformed() }
        return (name, value)
    }

    /// A parameter of a header field, quoted or not; nil when it is absent.
    static func parameter(_ name: String, of header: some StringProtocol) -> String? {
        var (pieces, piece, isQuoted, isEscaped) = ([String](), "", false, false)
        for character in header.unicodeScalars {
            if isQuoted, !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            if character == "\"", !isEscaped {
                isQuoted.toggle()
            } else if character == ";", !isQuoted {
                pieces.append(piece)
                piece = ""
            } else {
                piece.unicodeScalars.append(character)
            }
            isEscaped = false
        }
        pieces.append(piece)
        for piece in pieces.dropFirst() {
            guard let mark = piece.firstIndex(of: "=") else { continue }
            if piece[..<mark].trimmingBlanks().lowercased() == name {
                return String(piece[piece.index(after: mark)...].trimmingBlanks())
            }
        }
        return nil
    }

    private static func find(_ pattern: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first, text.count >= pattern.count else { return nil }
        var at = start
        let last = text.count - pattern.count
        while at <= last, let candidate = text[at...last].firstIndex(of: first) {
            if text[candidate...].starts(with: pattern) { return candidate }
            at = candidate + 1
        }
        return nil
    }
}
