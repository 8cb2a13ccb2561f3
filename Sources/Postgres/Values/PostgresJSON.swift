// SPDX-License-Identifier: Apache-2.0

/// A JSON document as text, for `json` and `jsonb` columns.
package struct PostgresJSON: PostgresScalar, Hashable {
    /// The document.
    package var text: String

    /// Wraps a document; the server checks it.
    package init(_ text: String) {
        self.text = text
    }

    package static var postgresType: PostgresType { .jsonb }

    /// The version byte that starts the binary form of `jsonb`.
    private static let version: UInt8 = 1

    package func encode(into buffer: inout [UInt8]) {
        buffer.append(Self.version)
        buffer.append(contentsOf: text.utf8)
    }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> PostgresJSON {
        let bytes = try cell.value()
        switch cell.type {
        case PostgresType.json.oid:
            return PostgresJSON(String(decoding: bytes, as: UTF8.self))
        case PostgresType.jsonb.oid:
            guard bytes.first == version else { throw .malformed("an unknown version of jsonb") }
            return PostgresJSON(String(decoding: bytes.dropFirst(), as: UTF8.self))
        default: throw .type(expected: "PostgresJSON")
        }
    }
}
