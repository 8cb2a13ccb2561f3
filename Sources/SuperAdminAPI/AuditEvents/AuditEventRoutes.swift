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
                page: { try await directory.auditEvents.search(filter, $0, by: caller) },
                write: { named, list in list.object { named.event.write(to: &$0, named: named, tellsApp: true) } })
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
