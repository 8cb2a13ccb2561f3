// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import Secrets
import WebSurface

extension SuperAdminAPI {
    /// `/access_tokens`: tokens of every owner, and issuing them to apps.
    func addAccessTokenRoutes(to api: RouterGroup<WebContext>) {
        let tokens = directory.tokens
        api.get("access_tokens") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            var query = TokenQuery(page: .first)
            query.ownerKind = reader.choice("owner_kind") { AccessTokenClaims.Owner(name: $0) }
            query.ownerID = reader.integer("owner_id").value
            query.state = reader.choice("state", TokenState.init(rawValue:))
            query.scope = reader.choice("scope", Scope.init(operator:))
            let name = [query.ownerKind?.name, query.ownerID.map(String.init), query.state?.rawValue, query.scope?.description]
            let filters = query
            return try await list(
                &reader, request, context, caller, list: "access_tokens/" + name.map { $0 ?? "" }.joined(separator: "/"),
                page: { page in
                    var query = filters
                    query.page = page
                    return try await tokens.list(query, by: caller)
                }, write: { $0.write(to: &$1) })
        }
        api.get("access_tokens/:id") { request, context in
            let caller = try caller(context)
            let token = try await tokens.show(try await pathID("id", context, caller), by: caller)
            return Response.json { token.write(to: &$0) }
        }
        api.post("access_tokens/:id/reveal") { request, context in
            let caller = try caller(context)
            return Self.shown(try await tokens.reveal(try await pathID("id", context, caller), by: caller))
        }
        api.post("access_tokens/:id/rotate") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let overlap = reader.integer("overlap").value ?? 86_400
            try await finish(reader, caller)
            return Self.shown(try await tokens.rotate(id, overlap: overlap, by: caller))
        }
        api.delete("access_tokens/:id") { request, context in
            let caller = try caller(context)
            try await tokens.revoke(try await pathID("id", context, caller), by: caller)
            return Response.empty
        }
        api.post("platform_apps/:id/access_tokens") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let scopes = reader.scopes("scopes") { Scope($0) }
            let expiresIn = reader.integer("expires_in").value
            try await finish(reader, caller)
            return Self.shown(try await tokens.issue(to: id, scopes: scopes, expiresIn: expiresIn, by: caller))
        }
    }

    static func shown(_ token: IssuedToken) -> Response {
        Response.json { body in
            body.object {
                $0.field("id", token.id)
                $0.field("access_token", token.accessToken)
            }
        }
    }
}

extension StoredToken {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("id", id)
            body.object("owner") { owner in
                owner.field("kind", self.owner.kind.name)
                owner.field("id", self.owner.id)
                owner.field("name", self.owner.name)
                owner.field("state", self.owner.state.rawValue)
            }
            body.field("visible_part", visiblePart)
            if let scopes {
                body.array("scopes") { list in for scope in scopes { list.element(scope) } }
            } else {
                body.field("scopes", raw: nil)
            }
            body.field("state", state.rawValue)
            body.field("created_at", microseconds: createdAt.microseconds)
            body.field("expires_at", microseconds: expiresAt?.microseconds)
            body.field("revoked_at", microseconds: revokedAt?.microseconds)
            body.field("replaced_by", replacedBy)
            body.field("last_used_at", microseconds: lastUsedAt?.microseconds)
            body.field("last_used_address", lastUsedAddress)
        }
    }
}
