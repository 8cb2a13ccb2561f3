// SPDX-License-Identifier: Apache-2.0
package import FoundationEssentials

/// What the secret of a webhook is derived from: nothing of it is secret.
package struct WebhookSecretClaims: Sendable, Hashable {
    /// The id of the webhook.
    package var id: Int64
    /// The nonce in the webhook's row: a new one makes another secret.
    package var nonce: UUID
    /// The number of the data key.
    package var keyID: Int32

    /// Claims of these parts.
    package init(id: Int64, nonce: UUID, keyID: Int32) {
        self.id = id
        self.nonce = nonce
        self.keyID = keyID
    }
}

/// The secret that a webhook's messages are signed with, as Standard Webhooks 1.0 has it: `whsec_` and 32 bytes in Base64.
///
/// Recomputed whenever it is needed, never stored.
package struct WebhookSecret: Sendable {
    private let bytes: SecretBytes

    fileprivate init(_ bytes: SecretBytes) {
        self.bytes = bytes
    }

    /// The text that the receiver keeps.
    package func reveal() -> String { "whsec_" + bytes.withUnsafeBytes { Data($0) }.base64EncodedString() }

    /// The value of the header `webhook-signature` for a message.
    ///
    /// - Parameters:
    ///   - id: the value of `webhook-id`.
    ///   - timestamp: the value of `webhook-timestamp`, Unix seconds.
    ///   - body: the message as it is sent.
    package func signature(id: String, timestamp: Int64, body: String) -> String {
        let code = HMACKey(bytes).authenticate(Array("\(id).\(timestamp).\(body)".utf8))
        return "v1," + Data(code).base64EncodedString()
    }
}

extension WebhookSecret: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    package var description: String { "WebhookSecret(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Keyring {
    /// The secret of the claims; the same claims always give the same secret.
    package func webhookSecret(_ claims: WebhookSecretClaims) throws(KeyringError) -> WebhookSecret {
        guard let key = self[claims.keyID] else { throw .unknownKey(id: claims.keyID) }
        let (high, low) = claims.nonce.words
        let message = [UInt64(bitPattern: claims.id), high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        }
        return WebhookSecret(key.webhook.authenticate(message).withUnsafeBytes { SecretBytes(copying: $0) })
    }
}
