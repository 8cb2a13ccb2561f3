// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/settings`: what operators set while the installation runs. The configuration of the daemon is no part of it.
    func addSettingRoutes(to api: RouterGroup<WebContext>) {
        let settings = directory.settings
        api.get("settings") { request, context in
            let caller = try caller(context)
            let retention = try await settings.retention(by: caller)
            return Response.json { retention.write(to: &$0) }
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("settings", method: method) { request, context in
                let caller = try caller(context)
                var reader = try await reader(request, context, caller)
                // What is not sent stays; null is for ever.
                var wanted = try await settings.retention(by: caller)
                reader.days("audit_days", into: &wanted.auditDays)
                reader.days("run_days", into: &wanted.runDays)
                reader.days("delivery_days", into: &wanted.deliveryDays)
                try await finish(reader, caller)
                try await settings.setRetention(wanted, by: caller)
                let retention = try await settings.retention(by: caller)
                return Response.json { retention.write(to: &$0) }
            }
        }
    }
}

extension ParameterReader {
    fileprivate mutating func days(_ name: String, into days: inout Int?) {
        switch value(name) {
        case .absent: break
        case .null: days = nil
        case .value: days = integer(name).value.map { Int(clamping: $0) } ?? days
        }
    }
}

extension Retention {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("audit_days", auditDays.map { Int64($0) })
            body.field("run_days", runDays.map { Int64($0) })
            body.field("delivery_days", deliveryDays.map { Int64($0) })
        }
    }
}
