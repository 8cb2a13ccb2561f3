// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The audit trail, as far as it is an app's business. Every call throws ``DirectoryError``.
package struct AuditEventStore: Sendable {
    let directory: Directory

    /// What the app did, or what anybody did to one object that it may read; the newest first.
    package func list(
        of object: (kind: ObjectKind, id: Int64)? = nil, _ page: PageRequest, by caller: Caller
    ) async throws -> Page<AuditEvent> {
        let rows = try await directory.rows(AuditEventStatements.list(of: object, page, caller: caller))
        let events: [AuditEvent] = try rows.compactMap { row in
            try Verdict(row).require(.read)
            return try AuditEvent(row)
        }
        return Page(fetched: events.map { ($0.id, $0) }, page)
    }
}
