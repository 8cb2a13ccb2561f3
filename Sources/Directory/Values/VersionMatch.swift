// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Which versions of an object a write may replace: what the caller said it knows (`If-Match`, RFC 9110 section 13.1.1).
package enum VersionMatch: Sendable, Equatable {
    /// Whatever is there.
    case any
    /// One of these `row_version`s; none of them at all when empty.
    case oneOf([Int64])

    /// Whether an object of this version may be replaced.
    func allows(_ version: Int64) -> Bool {
        switch self {
        case .any: true
        case .oneOf(let versions): versions.contains(version)
        }
    }
}

extension PostgresQuery.StringInterpolation {
    /// The condition on `x`, the row that the statement writes. It stands where the row is locked or written, so that it is
    /// asked again of the newest version when the statement had to wait for another writer.
    mutating func appendInterpolation(matching match: VersionMatch) {
        guard case .oneOf(let versions) = match else { return }
        appendLiteral(" and x.row_version = any(")
        appendInterpolation(versions)
        appendLiteral(")")
    }

    /// The column `is_there`: tells an object of another version from one that is gone. Read by `Verdict.missing`.
    mutating func appendInterpolation(presence id: Int64, in table: StaticString, _ match: VersionMatch) {
        guard match != .any else { return }
        appendLiteral("exists (select from \(table) e where e.id = ")
        appendInterpolation(id)
        appendLiteral(" and e.deleted_at is null) as is_there, ")
    }
}

extension Verdict {
    /// Why a write that is permitted found no object to write: it is deleted, or has another version.
    static func missing(_ row: PostgresRow, _ match: VersionMatch) throws -> DirectoryError {
        guard match != .any else { return .notFound }
        return try row.decode(Bool.self, "is_there") ? .stale : .notFound
    }
}
