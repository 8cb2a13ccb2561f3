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
                page: { try await auditEvents.list(of: object, $0 ?? .first, by: caller) },
                write: { event, list in list.object { event.write(to: &$0) } })
        }
    }
}
