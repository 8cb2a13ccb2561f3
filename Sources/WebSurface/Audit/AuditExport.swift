// SPDX-License-Identifier: Apache-2.0

package import Directory
package import NIOCore

/// The audit trail as a file: read page after page while it is written, so that it needs the memory of one page, however much
/// it is, and whoever reads slowly slows the reading down.
package struct AuditExport: Sendable {
    /// How the file is written.
    package enum Format: String, CaseIterable, Sendable {
        /// Comma-separated values with a header; see ``CSVLine``.
        case csv
        /// One array.
        case json
        /// An object a line.
        case ndjson

        /// Its media type.
        package var mediaType: String {
            switch self {
            case .csv: "text/csv; charset=utf-8; header=present"
            case .json: "application/json; charset=utf-8"
            case .ndjson: "application/x-ndjson; charset=utf-8"
            }
        }
    }

    private let store: AuditEventStore
    private let filter: AuditEventFilter
    private let caller: Caller
    private let pageSize: Int

    package init(_ store: AuditEventStore, _ filter: AuditEventFilter, by caller: Caller, pageSize: Int = 1_000) {
        self.store = store
        self.filter = filter
        self.caller = caller
        self.pageSize = pageSize
    }

    /// Writes the events, the newest first.
    ///
    /// - Parameters:
    ///   - limit: so many at most; nil: all of them.
    ///   - write: is given a page at a time, and may take its time.
    /// - Throws: ``DirectoryError``, and what `write` throws.
    package func run(_ format: Format, limit: Int? = nil, write: (ByteBuffer) async throws -> Void) async throws {
        var left = limit ?? .max
        var after: Int64? = 0
        var isFirst = true
        while let position = after {
            let page = try await store.search(filter, PageRequest(limit: min(pageSize, left), after: position), by: caller)
            var buffer = ByteBuffer()
            if isFirst { Self.begin(format, &buffer) }
            for event in page.items {
                Self.write(event, format, isFirst: isFirst, &buffer)
                isFirst = false
            }
            isFirst = isFirst && page.items.isEmpty
            left -= page.items.count
            after = left > 0 ? page.next : nil
            if after == nil, format == .json { buffer.writeString(isFirst ? "]\n" : "\n]\n") }
            try await write(buffer)
        }
    }

    /// The names of the columns, which are the keys of the objects.
    package static let columns = [
        "id", "created_at", "actor", "actor_id", "actor_name", "action", "subject_kind", "subject_id", "subject_name", "before",
        "after",
        "request_id",
    ]

    private static func begin(_ format: Format, _ buffer: inout ByteBuffer) {
        switch format {
        case .csv: CSVLine.write(columns, into: &buffer)
        case .json: buffer.writeString("[")
        case .ndjson: break
        }
    }

    private static func write(_ named: NamedAuditEvent, _ format: Format, isFirst: Bool, _ buffer: inout ByteBuffer) {
        let event = named.event
        guard format != .csv else {
            return CSVLine.write(
                [
                    "\(event.id)", WireTimestamp.text(microseconds: event.at.microseconds), event.actor,
                    event.actorID.map { "\($0)" }, named.actorName, event.action,
                    event.subjectKind, event.subjectID.map { "\($0)" }, named.subjectName, event.before, event.after,
                    event.requestID,
                ], into: &buffer)
        }
        var writer = JSONWriter()
        writer.object { named.event.write(to: &$0, named: named) }
        if format == .json { buffer.writeString(isFirst ? "\n" : ",\n") }
        buffer.writeImmutableBuffer(writer.buffer)
        if format == .ndjson { buffer.writeString("\n") }
    }

}
