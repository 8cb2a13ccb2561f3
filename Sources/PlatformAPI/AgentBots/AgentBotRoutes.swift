// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/agent_bots` (contract section 5).
    func addAgentBotRoutes(to api: RouterGroup<WebContext>) {
        api.get("agent_bots") { request, context in
            let caller = try caller(request, context)
            return try await list(
                request, context, list: "agent_bots", isOriginal: true, itemSize: 128, reach: { try await authenticate(caller) },
                page: { try await agentBots.list($0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.post("agent_bots") { request, context in
            let caller = try caller(request, context)
            let bot = try await once(request, context, caller, replay: { try await agentBots.show($0, by: $1) }) {
                var parameters = try await parameters(request, context) { try await authenticate(caller) }
                return try await agentBots.create(AgentBotDraft(&parameters), by: caller)
            }
            return respond(with: bot)
        }
        api.get("agent_bots/:id") { request, context in
            let caller = try caller(request, context)
            return respond(with: try await agentBots.show(try await pathID("id", context, caller), by: caller))
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("agent_bots/:id", method: method) { request, context in
                let caller = try caller(request, context)
                let id = try await pathID("id", context, caller)
                var parameters = try await parameters(request, context) {
                    _ = try await agentBots.update(id, AgentBotDraft(), by: caller)
                }
                return respond(with: try await agentBots.update(id, AgentBotDraft(&parameters), by: caller))
            }
        }
        api.delete("agent_bots/:id") { request, context in
            let caller = try caller(request, context)
            try await agentBots.delete(try await pathID("id", context, caller), by: caller)
            return Response.empty
        }
        api.delete("agent_bots/:id/avatar") { request, context in
            let caller = try caller(request, context)
            var draft = AgentBotDraft()
            draft.avatarURL = .some(nil)
            _ = try await agentBots.update(try await pathID("id", context, caller), draft, by: caller)
            return Response(status: .noContent)
        }
    }

    private func respond(with bot: AgentBot) -> Response { Response.json { bot.write(to: &$0) } }
}
