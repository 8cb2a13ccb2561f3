// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/audit_events`: who did what; with `subject_kind` and `subject_id`, to one object.
    func addAuditEventRoutes(to api: RouterGroup<WebContext>) {
        api.get("audit_events") { request, context in
            let caller = try caller(request, context)
            var reader = try await parameters(request, context) { try await authenticate(caller) }
            let (kind, id) = (reader.string("subject_kind").value, reader.integer("subject_id").value)
            let known = kind.flatMap(ObjectKind.init(rawValue:))
            if kind != nil, known == nil { reader.complain("subject_kind", "is not included in the list") }
            if (kind == nil) != (id == nil) { reader.complain("base", "subject_kind and subject_id come together") }
            var object: (kind: ObjectKind, id: Int64)?
            if let known, let id { object = (known, id) }
            let name = object.map { "audit_events/\($0.kind.rawValue)/\($0.id)" } ?? "audit_events"
            return try await list(
                &reader, request, context, list: name, isOriginal: false, itemSize: 512,
                reach: { try await authenticate(caller) },
                page: { try await auditEvents.list(of: object, $0 ?? .first, by: caller) }, write: { $0.write(to: &$1) })
        }
    }
}

extension AuditEvent {
    fileprivate func write(to list: inout JSONWriter) {
        list.object {
            $0.field("id", id)
            $0.field("created_at", microseconds: at.microseconds)
            $0.field("actor", actor)
            $0.field("actor_id", actorID)
            $0.field("action", action)
            $0.field("subject_kind", subjectKind)
            $0.field("subject_id", subjectID)
            $0.field("before", raw: before)
            $0.field("after", raw: after)
            $0.field("request_id", requestID)
        }
    }
}
