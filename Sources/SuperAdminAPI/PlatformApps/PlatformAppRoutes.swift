// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/platform_apps`: the apps themselves. What they reach is `permissibles` below each, their tokens are `access_tokens`.
    func addPlatformAppRoutes(to api: RouterGroup<WebContext>) {
        let apps = directory.platformApps
        api.get("platform_apps") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let text = reader.string("q").value
            return try await list(
                &reader, request, context, caller, list: "platform_apps/\(text ?? "")",
                page: { try await apps.list($0, text: text, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.post("platform_apps") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            var draft = PlatformAppDraft(name: reader.string("name").value ?? "")
            draft.scopes = reader.scopes("scopes") { Scope($0) }
            draft.expiresIn = reader.integer("expires_in").value
            draft.callsPerMinute = reader.integer("calls_per_minute").value.map { Int32(clamping: $0) }
            try await finish(reader, caller)
            let issued = try await apps.create(draft, by: caller)
            return Response.json { body in
                body.object {
                    $0.field("id", issued.id)
                    $0.field("name", issued.name)
                    $0.field("token_id", issued.tokenID)
                    $0.field("access_token", issued.accessToken)
                }
            }
        }
        api.get("platform_apps/:id") { request, context in
            let caller = try caller(context)
            return try await show(try await pathID("id", context, caller), by: caller)
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("platform_apps/:id", method: method) { request, context in
                let caller = try caller(context)
                let id = try await pathID("id", context, caller)
                var reader = try await reader(request, context, caller)
                var update = PlatformAppUpdate(name: reader.string("name").value)
                update.revealsUserTokens = reader.bool("reveals_user_tokens").value
                update.loginLinkSeconds = reader.integer("login_link_seconds").value.map { Int32(clamping: $0) }
                switch reader.integer("calls_per_minute") {
                case .absent: break
                case .null: update.callsPerMinute = .some(nil)
                case .value(let calls): update.callsPerMinute = .some(Int32(clamping: calls))
                }
                try await finish(reader, caller)
                try await apps.update(id, update, by: caller)
                return try await show(id, by: caller)
            }
        }
        addActs(to: api)
    }

    private func addActs(to api: RouterGroup<WebContext>) {
        let apps = directory.platformApps
        api.post("platform_apps/:id/disable") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            try await apps.disable(id, by: caller)
            return try await show(id, by: caller)
        }
        api.post("platform_apps/:id/enable") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            try await apps.enable(id, by: caller)
            return try await show(id, by: caller)
        }
        api.post("platform_apps/:id/transfer") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let target = reader.integer("to").value
            if target == nil { reader.complain("to", "can't be blank") }
            try await finish(reader, caller)
            return Self.told(try await apps.transferAll(from: id, to: target ?? 0, by: caller))
        }
        // Deleting says what becomes of the objects: `transfer_to=ID` or `release=true`; nothing is assumed.
        api.delete("platform_apps/:id") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let (target, releases) = (reader.integer("transfer_to").value, reader.bool("release").value ?? false)
            if (target == nil) != releases {
                reader.complain("base", "Either transfer_to or release says what becomes of the objects")
            }
            try await finish(reader, caller)
            return Self.told(try await apps.delete(id, to: target, by: caller))
        }
    }

    private func show(_ id: Int64, by caller: Caller) async throws -> Response {
        let app = try await directory.platformApps.show(id, by: caller)
        return Response.json { app.write(to: &$0) }
    }

    private static func told(_ handover: PlatformAppHandover) -> Response {
        Response.json { body in
            body.object { body in
                body.field("accounts", handover[.account])
                body.field("users", handover[.user])
                body.field("agent_bots", handover[.agentBot])
            }
        }
    }

    /// Throws every complaint at once, to whoever may be told.
    func finish(_ reader: ParameterReader, _ caller: Caller) async throws {
        guard !reader.problems.isEmpty else { return }
        try await directory.authenticate(caller)
        try reader.finish()
    }
}

extension PlatformApp {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("id", id)
            body.field("name", name)
            body.field("disabled_at", microseconds: disabledAt?.microseconds)
            body.field("created_at", microseconds: createdAt.microseconds)
            body.field("updated_at", microseconds: updatedAt.microseconds)
            body.field("reveals_user_tokens", settings.revealsUserTokens)
            body.field("login_link_seconds", Int64(settings.loginLinkSeconds))
            body.field("calls_per_minute", settings.callsPerMinute.map(Int64.init))
            body.object("reach") { reach in
                for (name, count) in [
                    ("accounts", self.reach.accounts), ("users", self.reach.users), ("agent_bots", self.reach.agentBots),
                ] as [(String, BoundedCount)] {
                    reach.key(dynamic: name)
                    reach.object {
                        $0.field("count", count.value)
                        // Counted up to a bound: there are more.
                        $0.field("more", count.isMore)
                    }
                }
            }
            body.field("live_tokens", liveTokens)
            body.field("last_used_at", microseconds: lastUsedAt?.microseconds)
        }
    }
}
