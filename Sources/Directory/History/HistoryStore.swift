// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What was done to an object, from the audit trail and the journals of runs, as one; for operators.
package struct HistoryStore: Sendable {
    let directory: Directory

    /// A part of an object's history, the newest first; of deleted objects too.
    ///
    /// Each journal is in order by itself. Where the clocks of two replicas differ the two may be interleaved otherwise than it
    /// happened, but nothing is shown twice or left out.
    ///
    /// - Parameters:
    ///   - position: where to begin, as the page before says.
    ///   - limit: entries on the page.
    /// - Returns: the entries, with the position of the next page; nil at the end.
    package func list(
        of kind: ObjectKind, _ id: Int64, from position: HistoryPosition = .newest, limit: Int, by caller: Caller
    ) async throws -> (entries: [HistoryEntry], next: HistoryPosition?) {
        let fetched = Int64(limit) + 1
        var events = try await directory.rows(
            HistoryStatements.events(kind, id, before: position, limit: fetched, caller: caller)
        ).compactMap(Self.event)[...]
        var changes = try await directory.rows(
            HistoryStatements.changes(kind, id, before: position, limit: fetched, caller: caller)
        ).compactMap(Self.change)[...]
        var (entries, next): ([HistoryEntry], HistoryPosition) = ([], position)
        while entries.count < limit {
            if let event = events.first, event.entry.at.microseconds >= changes.first?.entry.at.microseconds ?? .min {
                entries.append(event.entry)
                next.event = event.id
                events.removeFirst()
            } else if let change = changes.first {
                entries.append(change.entry)
                (next.run, next.seq) = (change.run, change.seq)
                changes.removeFirst()
            } else {
                break
            }
        }
        return (entries, events.isEmpty && changes.isEmpty ? nil : next)
    }

    private static func event(_ row: PostgresRow) throws -> (entry: HistoryEntry, id: Int64)? {
        guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard let id = try row.decode(Int64?.self, "id"), let actor = try NamedActor.decode(row) else { return nil }
        let event = AuditEvent(
            id: id, at: try row.timestamp("at"), actor: actor.kind, actorID: actor.id,
            action: try row.decode(String.self, "action"), subjectKind: try row.decode(String?.self, "subject_kind"),
            subjectID: try row.decode(Int64?.self, "subject_id"), before: try row.decode(String?.self, "before"),
            after: try row.decode(String?.self, "after"), requestID: try row.decode(String?.self, "request_id"))
        return (HistoryEntry(at: event.at, content: .event(event, by: actor)), id)
    }

    private static func change(_ row: PostgresRow) throws -> (entry: HistoryEntry, run: Int64, seq: Int32)? {
        guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard let run = try row.decode(Int64?.self, "run_id") else { return nil }
        let change = RunChange(
            runID: run, policy: try row.decode(String?.self, "policy"), source: try row.decode(String?.self, "source"),
            action: try row.decode(String.self, "action"), reason: try row.decode(String.self, "reason"),
            fields: try row.json("fields"), memberships: try row.json("memberships"),
            suspends: try row.decode(Bool?.self, "suspends"), refusal: try row.decode(String?.self, "refusal"))
        let entry = HistoryEntry(at: try row.timestamp("applied_at"), content: .change(change))
        return (entry, run, try row.decode(Int32.self, "seq"))
    }
}
