// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension WebhookDraft {
    /// What POST, PATCH and PUT of webhooks send; other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init()
        url = parameters.text("url")
        switch parameters.array("events") {
        case .absent: break
        case .null: events = []
        case .value(let values): events = values.map { if case .string(let name) = $0 { name } else { "" } }
        }
        switch parameters.bool("enabled") {
        case .absent: break
        case .null: parameters.complain("enabled", "is invalid")
        case .value(let on): enabled = on
        }
        problems = parameters.problems
    }
}

extension SecretRotation {
    /// What POST /webhooks/:id/rotate_secret sends.
    init(_ parameters: inout ParameterReader) {
        self.init()
        overlap = parameters.integer("overlap").value ?? overlap
        problems = parameters.problems
    }
}

extension Webhook {
    func write(to body: inout JSONWriter) {
        body.object {
            $0.field("id", id)
            $0.field("url", url)
            $0.array("events") { list in for event in events { list.element(event) } }
            $0.field("enabled", isEnabled)
            $0.field("created_at", microseconds: createdAt.microseconds)
            $0.field("updated_at", microseconds: updatedAt.microseconds)
            if let secret { $0.field("secret", secret) }
            if let until = previousSecretUntil { $0.field("previous_secret_expires_at", microseconds: until.microseconds) }
        }
    }
}

extension Delivery {
    func write(to body: inout JSONWriter) {
        body.object {
            $0.field("id", id)
            $0.field("message_id", messageID)
            $0.field("type", type)
            $0.field("state", state.rawValue)
            $0.field("attempts", Int64(attempts))
            $0.field("last_status", lastStatus.map { Int64($0) })
            $0.field("last_error", lastError)
            $0.field("last_attempt_at", microseconds: lastAttemptAt?.microseconds)
            $0.field("next_attempt_at", microseconds: nextAttemptAt?.microseconds)
            $0.field("delivered_at", microseconds: deliveredAt?.microseconds)
            $0.field("created_at", microseconds: createdAt.microseconds)
            $0.field("payload", raw: payload)
        }
    }
}
