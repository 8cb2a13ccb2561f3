// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/webhooks`: where the app wants to hear of changes, and what it was told.
    func addWebhookRoutes(to api: RouterGroup<WebContext>) {
        api.get("webhooks") { request, context in
            let caller = try caller(request, context)
            return try await list(
                request, context, list: "webhooks", isOriginal: false, reach: { try await authenticate(caller) },
                page: { try await webhooks.list($0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.post("webhooks") { request, context in
            let caller = try caller(request, context)
            let webhook = try await once(request, context, caller, replay: { try await webhooks.show($0, by: $1) }) {
                var parameters = try await parameters(request, context) { try await authenticate(caller) }
                return try await webhooks.create(WebhookDraft(&parameters), by: caller)
            }
            return respond(with: webhook)
        }
        api.get("webhooks/:id") { request, context in
            let caller = try caller(request, context)
            return respond(with: try await webhooks.show(try await pathID("id", context, caller), by: caller))
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("webhooks/:id", method: method) { request, context in
                let caller = try caller(request, context)
                let id = try await pathID("id", context, caller)
                var parameters = try await parameters(request, context) { try await webhooks.require(id, by: caller) }
                return respond(with: try await webhooks.update(id, WebhookDraft(&parameters), by: caller))
            }
        }
        api.delete("webhooks/:id") { request, context in
            let caller = try caller(request, context)
            try await webhooks.delete(try await pathID("id", context, caller), by: caller)
            return Response.empty
        }
        api.post("webhooks/:id/rotate_secret") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            let webhook = try await once(request, context, caller, replay: { try await webhooks.show($0, by: $1) }) {
                var parameters = try await parameters(request, context) { try await webhooks.require(id, by: caller) }
                return try await webhooks.rotate(id, SecretRotation(&parameters), by: caller)
            }
            return respond(with: webhook)
        }
        api.get("webhooks/:id/deliveries") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            return try await list(
                request, context, list: "deliveries/\(id)", isOriginal: false, itemSize: 512,
                reach: { _ = try await webhooks.show(id, by: caller) },
                page: { try await webhooks.deliveries(id, $0 ?? .first, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.post("webhooks/:id/deliveries/:delivery/redeliver") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            let delivery = try await webhooks.redeliver(
                id, delivery: try await pathID("delivery", context, caller), by: caller)
            return Response.json { delivery.write(to: &$0) }
        }
    }

    private func respond(with webhook: Webhook) -> Response { Response.json { webhook.write(to: &$0) } }
}
