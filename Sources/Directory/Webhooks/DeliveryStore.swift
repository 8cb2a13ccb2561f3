// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets

/// Where a webhook's messages go, and what signs them.
package struct DeliveryTarget: Sendable {
    package let url: String
    /// The newest first; two while one takes the other's place.
    package let secrets: [WebhookSecret]

    /// The value of the header `webhook-signature`: a signature with each secret, between blanks.
    package func signature(of delivery: Delivery, timestamp: Int64) -> String {
        secrets.map { $0.signature(id: delivery.messageID, timestamp: timestamp, body: delivery.payload) }
            .joined(separator: " ")
    }
}

/// Deliveries as their sender sees them. No token reaches these calls.
package struct DeliveryStore: Sendable {
    let directory: Directory

    /// The webhooks that have something to be sent now.
    package func dueWebhooks() async throws -> [Int64] {
        try await directory.rows(DeliveryStatements.dueWebhooks).map { try $0.decode(Int64.self, "id") }
    }

    /// nil when the webhook is disabled or gone.
    package func target(_ webhook: Int64) async throws -> DeliveryTarget? {
        let rows = try await directory.rows(DeliveryStatements.target(webhook))
        guard let url = try rows.first?.decode(String.self, "url") else { return nil }
        let secrets = try rows.map { try directory.keyring.webhookSecret(WebhookSecretClaims(webhook, $0)) }
        return DeliveryTarget(url: url, secrets: secrets)
    }

    /// What may be sent to the webhook now, one delivery of each object at most.
    package func due(_ webhook: Int64, limit: Int) async throws -> [Delivery] {
        try await directory.rows(DeliveryStatements.due(webhook, limit: Int32(limit))).compactMap { try Delivery($0) }
    }

    /// Notes that the receiver took it.
    package func delivered(_ id: Int64, status: Int) async throws {
        _ = try await directory.rows(DeliveryStatements.delivered(id, status: Int32(clamping: status)))
    }

    /// Notes a failed attempt; the next comes after the pause, or never when that is past the deadline.
    package func failed(_ id: Int64, status: Int?, error: String, pause: Duration) async throws {
        let milliseconds = pause.components.seconds * 1_000 + pause.components.attoseconds / 1_000_000_000_000_000
        _ = try await directory.rows(
            DeliveryStatements.failed(
                id, status: status.map(Int32.init(clamping:)), error: error, pauseMilliseconds: milliseconds))
    }
}
