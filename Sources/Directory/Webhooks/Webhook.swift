// SPDX-License-Identifier: Apache-2.0

/// Where a Platform App wants to hear of changes.
package struct Webhook: Sendable, Identifiable {
    package let id: Int64
    package let url: String
    package let events: [String]
    package let isEnabled: Bool
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// `whsec_...`: in the answer that creates it, or replaces its secret, only.
    package let secret: String?
    /// Until when messages are signed with the secret before as well; nil when there is none any more.
    package let previousSecretUntil: Timestamp?
}

/// What a call wants a webhook to be; nil leaves a field as it is, or at its default in a new one.
package struct WebhookDraft: Sendable {
    package var url: String?
    /// All of them when a new webhook names none.
    package var events: [String]?
    package var enabled: Bool?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}
}

/// What a call wants of a new secret.
package struct SecretRotation: Sendable {
    /// A week: what takes longer to hear of a new secret has been forgotten.
    package static let longestOverlap: Int64 = 604_800

    /// For how many seconds messages are signed with the secret before as well; 0 ends it at once, when it has leaked.
    package var overlap: Int64 = 86_400
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}

    var allProblems: [FieldProblem] {
        if (0...Self.longestOverlap).contains(overlap) { return problems }
        return problems + [FieldProblem("overlap", "Overlap must be between 0 and \(Self.longestOverlap)")]
    }
}

/// One event for one webhook, with what became of it so far.
package struct Delivery: Sendable {
    package enum State: String, Sendable {
        case pending, delivered, failed
    }

    package let id: Int64
    package let type: String
    /// JSON, as it is signed and sent.
    package let payload: String
    package let state: State
    package let attempts: Int
    /// The receiver's status of the last attempt; nil when there was no answer.
    package let lastStatus: Int?
    /// Why the last attempt failed: a stable word.
    package let lastError: String?
    package let lastAttemptAt: Timestamp?
    /// nil when it will not be tried again.
    package let nextAttemptAt: Timestamp?
    package let deliveredAt: Timestamp?
    package let createdAt: Timestamp

    /// The value of `webhook-id`: the same in every attempt, so that a receiver tells a repetition.
    package var messageID: String { "msg_\(id)" }
}
