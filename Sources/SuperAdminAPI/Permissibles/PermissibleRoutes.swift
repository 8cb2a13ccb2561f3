// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/platform_apps/:id/permissibles`: what an app reaches; granting, changing rights and revoking.
    func addPermissibleRoutes(to api: RouterGroup<WebContext>) {
        let permissibles = directory.permissibles
        api.get("platform_apps/:id/permissibles") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let kind = ObjectKind(rawValue: reader.string("kind").value ?? "")
            if kind == nil { reader.complain("kind", "is not included in the list") }
            return try await list(
                &reader, request, context, caller, list: "permissibles/\(id)/\(kind?.rawValue ?? "")",
                page: { try await permissibles.list(kind ?? .account, of: id, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.put("platform_apps/:id/permissibles/:kind/:object_id") { request, context in
            let (caller, app, kind, id) = try await target(context)
            var reader = try await reader(request, context, caller)
            let names = reader.array("rights").value.map { $0.map { if case .string(let text) = $0 { text } else { "" } } }
            let known = (names ?? []).compactMap { name in Rights.named.first { $0.name == name }?.right }
            if let names, known.count == names.count, !names.isEmpty {
                try await permissibles.grant(kind, id, to: app, Rights(known), by: caller)
            } else {
                reader.complain("rights", names?.isEmpty == false ? "is not included in the list" : "can't be blank")
                try await finish(reader, caller)
            }
            guard let permissible = try await permissibles.show(kind, id, of: app, by: caller).permissible else {
                throw APIError.notFound
            }
            return Response.json { permissible.write(to: &$0) }
        }
        api.delete("platform_apps/:id/permissibles/:kind/:object_id") { request, context in
            let (caller, app, kind, id) = try await target(context)
            try await permissibles.revoke(kind, id, from: app, by: caller)
            return Response.empty
        }
    }

    private func target(_ context: WebContext) async throws -> (Caller, app: Int64, ObjectKind, id: Int64) {
        let caller = try caller(context)
        let (app, id) = (try await pathID("id", context, caller), try await pathID("object_id", context, caller))
        guard let kind = ObjectKind(rawValue: try context.pathText("kind")) else {
            try await directory.authenticate(caller)
            throw APIError.notFound
        }
        return (caller, app, kind, id)
    }
}

extension AppPermissible {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("kind", kind.rawValue)
            body.field("id", object.id)
            body.field("name", object.name)
            body.field("origin", origin)
            body.array("rights") { list in for name in rights.names { list.element(name) } }
            body.field("created_at", microseconds: createdAt.microseconds)
        }
    }
}
