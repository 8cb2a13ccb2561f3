// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import NIOCore
import WebSurface

extension ProvisionItem {
    /// What PUT /provision and each item of POST /bulk send:
    ///
    /// ```json
    /// {"external_id": "E-17", "email": "ada@example.org", "name": "Ada", "display_name": null,
    ///  "custom_attributes": {"title": "Analyst"}, "accounts": [{"account_id": 5, "role": "administrator"}]}
    /// ```
    init(_ parameters: inout ParameterReader) {
        self.init()
        externalID = parameters.text("external_id")
        email = parameters.text("email")
        name = parameters.text("name")
        displayName = parameters.clearableText("display_name")
        customAttributes = parameters.looseObject("custom_attributes")
        switch parameters.array("accounts") {
        case .absent: break
        case .null: parameters.complain("accounts", "is invalid")
        case .value(let elements): memberships = elements.compactMap { ProvisionMembership($0, &parameters) }
        }
        problems = parameters.problems
    }
}

extension ProvisionMembership {
    /// `{"account_id": 5, "role": "agent"}`; the role may be absent.
    fileprivate init?(_ value: JSONValue, _ parameters: inout ParameterReader) {
        guard case .object(let object) = value else {
            parameters.complain("accounts", "is invalid")
            return nil
        }
        var reader = ParameterReader(RequestParameters(object), within: "accounts")
        let accountID = reader.integer("account_id").value
        let role = reader.choice("role", Role.init(rawValue:))
        parameters.problems += reader.problems
        guard let accountID, accountID > 0, reader.problems.isEmpty else {
            if reader.problems.isEmpty { parameters.complain("accounts", "account_id must be an id") }
            return nil
        }
        self.init(accountID: accountID, role: role)
    }
}

/// The items of a bulk call: a JSON array, or a JSON object a line (NDJSON).
struct BulkItems {
    let items: [ProvisionItem]

    /// - Throws: 400 for what is neither, with the number of the line or item that is not an object.
    init(_ body: ByteBuffer, contentType: String?) throws(APIError) {
        let text = body.readableBytesView
        let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let isLines = contentType.map { $0.lowercased().hasPrefix("application/x-ndjson") } ?? (first == UInt8(ascii: "{"))
        let values = try isLines ? Self.lines(text) : Self.array(text)
        var items: [ProvisionItem] = []
        items.reserveCapacity(values.count)
        for (number, value) in values.enumerated() {
            guard case .object(let object) = value else {
                throw APIError("not_an_object", .badRequest, "\(isLines ? "line" : "item") \(number + 1) is not a JSON object")
            }
            var reader = ParameterReader(RequestParameters(object))
            items.append(ProvisionItem(&reader))
        }
        self.items = items
    }

    private static func array(_ text: ByteBufferView) throws(APIError) -> [JSONValue] {
        guard case .array(let elements)? = parse(text) else {
            throw APIError(
                "not_an_array", .badRequest, "the body is no JSON array; send a JSON object a line as application/x-ndjson")
        }
        return elements
    }

    private static func lines(_ text: ByteBufferView) throws(APIError) -> [JSONValue] {
        var values: [JSONValue] = []
        for line in text.split(separator: UInt8(ascii: "\n"))
        where line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) {
            guard let value = parse(line) else {
                throw APIError("malformed_line", .badRequest, "line \(values.count + 1) is not JSON")
            }
            values.append(value)
        }
        return values
    }

    private static func parse(_ text: ByteBufferView) -> JSONValue? {
        text.withUnsafeBytes { try? JSONParser.parse($0.bindMemory(to: UInt8.self)).value }
    }
}
