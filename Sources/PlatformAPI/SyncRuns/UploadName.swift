// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// What an upload is called in the journal: a name for people, under which nothing is stored.
enum UploadName {
    /// The name that the sender gives: of the query, else of `Content-Disposition` (RFC 6266); its last part, without control
    /// characters, 200 characters at most.
    static func of(_ given: String?, disposition: String?) -> String {
        let name = given ?? disposition.flatMap { parameter("filename", of: $0) } ?? ""
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        let plain = last.unicodeScalars.filter { $0.properties.generalCategory != .control }
        let text = String(String.UnicodeScalarView(plain)).prefix(200)
        return text.isEmpty || text.allSatisfy { $0 == "." } ? "upload" : String(text)
    }

    /// A parameter of a header field, quoted or not.
    private static func parameter(_ name: String, of field: String) -> String? {
        for part in field.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard pair.count == 2, pair[0].lowercased() == name else { continue }
            let value = pair[1].trimmingSuffix { $0 == " " }
            guard value.first == "\"", value.last == "\"", value.count > 1 else { return String(value) }
            return String(value.dropFirst().dropLast().replacing("\\\"", with: "\""))
        }
        return nil
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ isCut: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, isCut(last) { text.removeLast() }
        return text
    }
}
