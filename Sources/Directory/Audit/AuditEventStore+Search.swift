// SPDX-License-Identifier: Apache-2.0

import Postgres

extension AuditEventStore {
    /// A page of what anybody did to anything, the newest first; for operators.
    ///
    /// An export is page after page, so that it needs no more memory than one of them, and holds no transaction open.
    /// - Throws: ``DirectoryError``.
    package func search(
        _ filter: AuditEventFilter, _ page: PageRequest, by caller: Caller
    ) async throws -> Page<NamedAuditEvent> {
        guard filter.isStorable else { return Page(items: []) }
        let rows = try await directory.rows(AuditSearchStatements.search(filter, page, caller: caller).unprepared())
        let events: [NamedAuditEvent] = try rows.compactMap { row in
            guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
            guard let event = try AuditEvent(row) else { return nil }
            return NamedAuditEvent(
                event: event, actorName: try row.decode(String?.self, "actor_name"),
                subjectName: try row.decode(String?.self, "subject_name"),
                platformAppID: try row.decode(Int64?.self, "platform_app_id"))
        }
        return Page(fetched: events.map { ($0.event.id, $0) }, page)
    }
}

extension AuditEventFilter {
    /// Whether the database could hold what is looked for: nothing else is found.
    fileprivate var isStorable: Bool {
        let action =
            switch action {
            case .exactly(let text)?, .beginning(let text)?: text
            case nil: ""
            }
        return !action.utf8.contains(0) && object?.kind.utf8.contains(0) != true
    }
}

extension AuditEvent {
    /// nil when the row holds none.
    init?(_ row: PostgresRow) throws {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        self.init(
            id: id,
            at: try row.timestamp("at"),
            actor: try row.decode(String.self, "actor"),
            actorID: try row.decode(Int64?.self, "actor_id"),
            action: try row.decode(String.self, "action"),
            subjectKind: try row.decode(String?.self, "subject_kind"),
            subjectID: try row.decode(Int64?.self, "subject_id"),
            before: try row.decode(String?.self, "before"),
            after: try row.decode(String?.self, "after"),
            requestID: try row.decode(String?.self, "request_id"))
    }
}
