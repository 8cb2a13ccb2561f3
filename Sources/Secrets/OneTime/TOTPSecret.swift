// SPDX-License-Identifier: Apache-2.0
package import FoundationEssentials

/// What the secret of an authenticator is derived from: nothing of it is secret.
package struct TOTPClaims: Sendable, Hashable {
    /// The id of the super admin.
    package var superAdminID: Int64
    /// The nonce in the super admin's row: a new one makes another secret.
    package var nonce: UUID
    /// The number of the data key.
    package var keyID: Int32

    /// Claims of these parts.
    package init(superAdminID: Int64, nonce: UUID, keyID: Int32) {
        self.superAdminID = superAdminID
        self.nonce = nonce
        self.keyID = keyID
    }
}

/// The secret that an authenticator app and the daemon share, 160 bits as RFC 4226 recommends.
///
/// Recomputed whenever it is needed, never stored.
package struct TOTPSecret: Sendable {
    /// How many bytes it has.
    package static let length = 20

    private let bytes: SecretBytes

    /// A secret of these bytes.
    package init(_ bytes: SecretBytes) {
        self.bytes = bytes
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }

    /// The text that is typed where a QR code cannot be read: Base32.
    package func reveal() -> String { bytes.withUnsafeBytes { Base32.encode($0) } }

    /// The URI that a QR code carries, in the form that authenticator apps agree on: `otpauth://totp/issuer:account?...`.
    package func uri(issuer: String, account: String) -> String {
        let (issuer, account) = (Self.percentEncoded(issuer), Self.percentEncoded(account))
        return "otpauth://totp/\(issuer):\(account)?secret=\(reveal())&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=\(TOTP.digits)&period=\(TOTP.period)"
    }

    /// Everything but RFC 3986's unreserved characters encoded, so that no text ends its part of the URI.
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + Hex.encode([byte]).uppercased()
            }
        }.joined()
    }
}

extension TOTPSecret: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    package var description: String { "TOTPSecret(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Keyring {
    /// The secret of the claims; the same claims always give the same secret.
    package func totpSecret(_ claims: TOTPClaims) throws(KeyringError) -> TOTPSecret {
        guard let key = self[claims.keyID] else { throw .unknownKey(id: claims.keyID) }
        let (high, low) = claims.nonce.words
        let message = [UInt64(bitPattern: claims.superAdminID), high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        }
        let code = key.totp.authenticate(message)
        return TOTPSecret(code[..<TOTPSecret.length].withUnsafeBytes { SecretBytes(copying: $0) })
    }
}
