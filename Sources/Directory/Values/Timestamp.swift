// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A moment, as the database keeps it.
package struct Timestamp: Sendable, Equatable {
    /// Since 1970-01-01T00:00:00Z, leap seconds apart.
    package let microseconds: Int64

    /// - Parameter microseconds: since 1970-01-01T00:00:00Z.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    init(_ stored: PostgresTimestamp) {
        microseconds = stored.microseconds
    }
}

extension PostgresRow {
    func timestamp(_ column: String) throws -> Timestamp { Timestamp(try decode(PostgresTimestamp.self, column)) }

    func optionalTimestamp(_ column: String) throws -> Timestamp? {
        try decode(PostgresTimestamp?.self, column).map(Timestamp.init)
    }
}
