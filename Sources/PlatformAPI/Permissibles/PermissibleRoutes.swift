// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/permissibles`: what the app may reach, how it came to it, and giving it back. Granting is for super admins.
    func addPermissibleRoutes(to api: RouterGroup<WebContext>) {
        api.get("permissibles") { request, context in
            let caller = try caller(request, context)
            var reader = try await parameters(request, context) { try await authenticate(caller) }
            let kind = reader.choice("kind", ObjectKind.init(rawValue:))
            let parameters = ListParameters(&reader, list: "permissibles/\(kind?.rawValue ?? "")", isOriginal: false)
            guard reader.problems.isEmpty else {
                try await authenticate(caller)
                try reader.finish()
                return Response.empty
            }
            let found = try await permissibles.list(
                kind, limit: parameters.limit ?? ListParameters.defaultLimit,
                from: parameters.cursor.flatMap(PermissiblePosition.init), by: caller)
            return parameters.response(found.items, next: found.next?.cursor, to: request, context, itemSize: 128) {
                $0.write(to: &$1)
            }
        }
        api.delete("permissibles/:kind/:id") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            guard let kind = ObjectKind(rawValue: try context.pathText("kind")) else {
                try await authenticate(caller)
                throw APIError.notFound
            }
            try await permissibles.release(kind, id, by: caller)
            return Response.empty
        }
    }
}

extension PermissiblePosition {
    fileprivate init?(_ cursor: Cursor) {
        let kinds = ObjectKind.allCases
        guard kinds.indices.contains(Int(cursor.tag)) else { return nil }
        self.init(kind: kinds[Int(cursor.tag)], after: cursor.key)
    }

    fileprivate var cursor: Cursor {
        Cursor(tag: UInt8(ObjectKind.allCases.firstIndex(of: kind) ?? 0), key: after)
    }
}

extension Permissible {
    fileprivate func write(to body: inout JSONWriter) {
        body.object {
            $0.field("kind", kind.rawValue)
            $0.field("id", id)
            $0.field("origin", origin)
            $0.array("rights") { list in for name in rights.names { list.element(name) } }
            $0.field("created_at", microseconds: createdAt.microseconds)
        }
    }
}
