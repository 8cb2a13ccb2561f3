// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/audit_events`: who did what, anywhere; the newest first.
    func addAuditEventRoutes(to api: RouterGroup<WebContext>) {
        api.get("audit_events") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let filter = reader.auditEventFilter()
            let query = (context.web.query ?? "").split(separator: "&")
                .filter { !$0.hasPrefix("cursor=") && !$0.hasPrefix("limit=") }.sorted().joined(separator: "&")
            return try await list(
                &reader, request, context, caller, list: "audit_events?\(query)",
                page: { try await directory.auditEvents.search(filter, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
    }
}

extension ParameterReader {
    fileprivate mutating func auditEventFilter() -> AuditEventFilter {
        var filter = AuditEventFilter()
        if let kind = choice("actor", AuditEventFilter.Actor.Kind.init(rawValue:)) {
            filter.actor = .init(kind, id: integer("actor_id").value)
        }
        let (kind, id) = (string("subject_kind").value, integer("subject_id").value)
        if (kind == nil) != (id == nil) { complain("base", "subject_kind and subject_id come together") }
        if let kind, let id { filter.object = .init(kind, id: id) }
        filter.action = string("action").value.map { .init($0) }
        return filter
    }
}

extension NamedAuditEvent {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { body in
            body.field("id", event.id)
            body.field("created_at", microseconds: event.at.microseconds)
            body.field("actor", event.actor)
            body.field("actor_id", event.actorID)
            body.field("actor_name", actorName)
            body.field("platform_app_id", platformAppID)
            body.field("action", event.action)
            body.field("subject_kind", event.subjectKind)
            body.field("subject_id", event.subjectID)
            body.field("subject_name", subjectName)
            body.field("before", raw: event.before)
            body.field("after", raw: event.after)
            body.field("request_id", event.requestID)
        }
    }
}
