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
    /// As the filters of the console's page and of `muster audit` are spelt.
    fileprivate mutating func auditEventFilter() -> AuditEventFilter {
        var texts: [AuditFilterForm.Name: String] = [:]
        for name in AuditFilterForm.Name.allCases { texts[name] = string(name.rawValue).value }
        let (filter, problems) = AuditFilterForm(texts).filter
        self.problems += problems
        return filter
    }
}
