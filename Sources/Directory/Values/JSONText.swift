// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A JSON document as text, handed through between a surface and the database without being taken apart.
package struct JSONText: Sendable, Equatable {
    package let text: String

    /// - Parameter text: valid JSON.
    package init(_ text: String) {
        self.text = text
    }

    /// Whether it is the empty object.
    package var isEmptyObject: Bool { text == "{}" }
}

extension PostgresRow {
    func json(_ column: String) throws -> JSONText { JSONText(try decode(PostgresJSON.self, column).text) }
}

extension PostgresQuery.StringInterpolation {
    /// Binds as jsonb.
    mutating func appendInterpolation(_ json: JSONText?) { appendInterpolation(json.map { PostgresJSON($0.text) }) }

    /// Binds as jsonb.
    mutating func appendInterpolation(_ json: JSONText) { appendInterpolation(PostgresJSON(json.text)) }
}
