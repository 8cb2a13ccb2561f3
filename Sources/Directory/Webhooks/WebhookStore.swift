// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// A Platform App's own webhooks. Every call throws ``DirectoryError``.
package struct WebhookStore: Sendable {
    let directory: Directory

    /// The webhooks of the caller's app, by id.
    ///
    /// - Parameter page: nil for all of them.
    package func list(_ page: PageRequest? = nil, by caller: Caller) async throws -> Page<Webhook> {
        let webhooks = try await directory.rows(WebhookStatements.list(page, caller: caller)).compactMap { row in
            try Verdict(row).require(.read)
            return try decode(row)
        }
        return Page(fetched: webhooks.map { ($0.id, $0) }, page)
    }

    package func show(_ id: Int64, by caller: Caller) async throws -> Webhook {
        try await one(WebhookStatements.show(id, caller: caller))
    }

    /// Creates a webhook; the answer alone holds its secret.
    package func create(_ draft: WebhookDraft, by caller: Caller) async throws -> Webhook {
        let problems = WebhookRules.problems(draft, creating: true)
        guard problems.isEmpty, let url = draft.url else {
            try await directory.authenticate(caller)
            throw DirectoryError.invalid(problems)
        }
        let statement = WebhookStatements.create(
            draft, url: url, events: draft.events ?? EventType.allCases.map(\.rawValue), keyID: directory.keyring.currentID,
            caller: caller)
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(.read)
        guard let webhook = try decode(row, withSecret: true) else {
            throw DirectoryError.invalid([
                FieldProblem("base", "Webhooks are too many (maximum is \(WebhookRules.mostOfAnApp))")
            ])
        }
        return webhook
    }

    /// Throws for who may not change the webhook: for calls that fail before any statement checks it.
    @discardableResult
    package func require(_ id: Int64, by caller: Caller) async throws -> Webhook {
        try await one(WebhookStatements.show(id, caller: caller, needs: .webhooksWrite))
    }

    /// Changes the fields given.
    package func update(_ id: Int64, _ draft: WebhookDraft, by caller: Caller) async throws -> Webhook {
        let problems = WebhookRules.problems(draft, creating: false)
        if problems.isEmpty, draft.url != nil || draft.events != nil || draft.enabled != nil {
            return try await one(WebhookStatements.update(id, draft, caller: caller))
        }
        let webhook = try await require(id, by: caller)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        return webhook
    }

    /// Replaces the secret; the answer alone holds the new one, and messages are signed with both during the overlap.
    package func rotate(_ id: Int64, _ rotation: SecretRotation, by caller: Caller) async throws -> Webhook {
        let problems = rotation.allProblems
        guard problems.isEmpty else {
            try await require(id, by: caller)
            throw DirectoryError.invalid(problems)
        }
        let statement = WebhookStatements.rotate(
            id, overlap: rotation.overlap, keyID: directory.keyring.currentID, caller: caller)
        return try await one(statement, withSecret: true)
    }

    /// Deletes a webhook; what it has not been sent yet, it never will be.
    package func delete(_ id: Int64, by caller: Caller) async throws {
        guard let row = try await directory.row(WebhookStatements.delete(id, caller: caller)) else { return }
        try Verdict(row).require(.delete)
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    /// The log of a webhook, the newest delivery first.
    package func deliveries(_ id: Int64, _ page: PageRequest, by caller: Caller) async throws -> Page<Delivery> {
        let rows = try await directory.rows(WebhookStatements.deliveries(id, page, caller: caller))
        let deliveries = try rows.compactMap { row in
            try Verdict(row).require(.read)
            guard try row.decode(Int64?.self, "webhook_id") != nil else { throw DirectoryError.notFound }
            return try Delivery(row)
        }
        return Page(fetched: deliveries.map { ($0.id, $0) }, page)
    }

    /// Has a delivery sent once more, whatever became of it.
    package func redeliver(_ id: Int64, delivery: Int64, by caller: Caller) async throws -> Delivery {
        let statement = WebhookStatements.redeliver(id, delivery: delivery, caller: caller)
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(.write)
        guard let delivery = try Delivery(row) else { throw DirectoryError.notFound }
        return delivery
    }

    private func one(_ statement: PostgresQuery, withSecret: Bool = false) async throws -> Webhook {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(.read)
        guard let webhook = try decode(row, withSecret: withSecret) else { throw DirectoryError.notFound }
        return webhook
    }

    private func decode(_ row: PostgresRow, withSecret: Bool = false) throws -> Webhook? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        let claims = try WebhookSecretClaims(id, row)
        return Webhook(
            id: id,
            url: try row.decode(String.self, "url"),
            events: try row.decode([String].self, "events"),
            isEnabled: try row.optionalTimestamp("disabled_at") == nil,
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at"),
            secret: withSecret ? try directory.keyring.webhookSecret(claims).reveal() : nil,
            previousSecretUntil: try row.optionalTimestamp("previous_until"))
    }
}

extension WebhookSecretClaims {
    /// The claims in a webhook's row.
    init(_ webhook: Int64, _ row: PostgresRow) throws {
        self.init(id: webhook, nonce: try row.decode(UUID.self, "nonce"), keyID: try row.decode(Int32.self, "key_id"))
    }
}

extension Delivery {
    /// nil when the row holds none.
    init?(_ row: PostgresRow) throws {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        let state = State(rawValue: try row.decode(String.self, "state")) ?? .failed
        self.init(
            id: id,
            type: try row.decode(String.self, "type"),
            payload: try row.decode(String.self, "payload"),
            state: state,
            attempts: Int(try row.decode(Int32.self, "attempts")),
            lastStatus: try row.decode(Int32?.self, "last_status").map(Int.init),
            lastError: try row.decode(String?.self, "last_error"),
            lastAttemptAt: try row.optionalTimestamp("last_attempt_at"),
            nextAttemptAt: state == .pending ? try row.timestamp("run_at") : nil,
            deliveredAt: try row.optionalTimestamp("delivered_at"),
            createdAt: try row.timestamp("created_at"))
    }
}
