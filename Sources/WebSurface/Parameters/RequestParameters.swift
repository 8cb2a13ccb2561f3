// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// What a client sent, whichever way: JSON object, URL-encoded or multipart form and query string merged into one flat set.
///
/// As in Rails a key in the body overrides the same key in the query. Path parameters are never part of the set: a
/// surface reads them from its context, so they override both.
package struct RequestParameters: Sendable {
    /// The merged fields.
    package let fields: JSONObject
    /// True when some value may not be storable; ``ParameterReader`` then looks closer.
    let needsScrutiny: Bool

    /// Makes a set by hand, as tests do.
    package init(_ fields: JSONObject) {
        self.fields = fields
        needsScrutiny = true
    }

    /// Reads the parameters of a request.
    ///
    /// The method does not matter: a GET with a body and a content type is read as well. A body without a content type
    /// is JSON when it begins like JSON, else a form; an empty body has no parameters whatever its content type.
    ///
    /// - Throws: 400 for a malformed text or a JSON text that is no object, 415 for a media type that is not read here.
    package init(
        body: ByteBuffer, contentType: String?, contentEncoding: String? = nil, query: Substring?
    ) throws(APIError) {
        var fields = JSONObject()
        var needsScrutiny = false
        if let query, !query.isEmpty {
            let form = try Self.form(query.utf8)
            fields = form.fields
            needsScrutiny = form.needsScrutiny
        }
        if body.readableBytes > 0 {
            if let contentEncoding, !["", "identity"].contains(contentEncoding.lowercased()) {
                throw .unsupportedMediaType
            }
            let text = body.readableBytesView
            let sent: (fields: JSONObject, needsScrutiny: Bool)
            switch try MediaType.of(contentType, body: text) {
            case .json: sent = try Self.jsonObject(text)
            case .form:
                let form = try Self.form(text)
                sent = (form.fields, form.needsScrutiny)
            case .multipart(let boundary):
                let form = try Self.multipart(text, boundary)
                sent = (form.fields, form.needsScrutiny)
            }
            if fields.isEmpty { fields = sent.fields } else { fields.merge(sent.fields) }
            needsScrutiny = needsScrutiny || sent.needsScrutiny
        }
        self.fields = fields
        self.needsScrutiny = needsScrutiny
    }

    private static func form(_ text: some Collection<UInt8>) throws(APIError) -> FormParser {
        do throws(FormParser.Malformed) { return try FormParser(text) } catch { throw .badRequest }
    }

    private static func multipart(_ text: ByteBufferView, _ boundary: String) throws(APIError) -> FormParser {
        do throws(FormParser.Malformed) {
            return try FormParser(multipart: try MultipartParser(boundary: boundary).textFields(of: Array(text)))
        } catch { throw .badRequest }
    }

    private static func jsonObject(_ text: ByteBufferView) throws(APIError) -> (JSONObject, Bool) {
        let document = text.withUnsafeBytes { bytes in
            try? JSONParser.parse(bytes.bindMemory(to: UInt8.self))
        }
        guard let document, case .object(let object) = document.value else { throw .badRequest }
        return (object, document.needsScrutiny)
    }
}

/// The kinds of body that are read.
private enum MediaType {
    case json, form, multipart(boundary: String)

    static func of(_ contentType: String?, body: ByteBufferView) throws(APIError) -> MediaType {
        guard let contentType, !contentType.isEmpty else {
            let first = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .json : .form
        }
        if contentType == "application/json" { return .json }
        let parts = contentType.lowercased().split(separator: ";").map { $0.trimmingBlanks() }
        for case let parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            let charset = parameter.dropFirst("charset=".count).filter { $0 != "\"" }
            guard ["utf-8", "utf8", "us-ascii"].contains(charset) else { throw .unsupportedMediaType }
        }
        switch parts.first ?? "" {
        case "application/json", "text/json", "text/x-json", "application/jsonrequest": return .json
        case let type where type.hasPrefix("application/") && type.hasSuffix("+json"): return .json
        case "application/x-www-form-urlencoded": return .form
        case "multipart/form-data":
            // Boundaries know upper and lower case.
            guard let boundary = MultipartParser.parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count)
            else {
                throw .badRequest
            }
            return .multipart(boundary: boundary)
        default: throw .unsupportedMediaType
        }
    }
}

extension Substring {
    func trimmingBlanks() -> Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
