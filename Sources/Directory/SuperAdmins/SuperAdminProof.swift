// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Secrets

/// What the holder of a super admin's session shows of it: the digest, which is all that statements see.
package struct SuperAdminProof: Sendable, Hashable {
    /// SHA-256 of the session's token.
    package let digest: [UInt8]

    /// The proof in a digest.
    package init(digest: [UInt8]) {
        self.digest = digest
    }

    /// The proof in a cookie's value; what is not well-formed is nil and costs no query.
    package init?(cookie: some StringProtocol) {
        guard let token = SuperAdminSessionToken(cookie: cookie) else { return nil }
        self = token.proof
    }
}

/// The secret of a super admin's session, which only its browser keeps: 256 random bits in 43 characters of URL-safe Base64.
package struct SuperAdminSessionToken: Sendable {
    /// How many characters it has.
    package static let length = 43

    private let text: String

    private init(text: String) {
        self.text = text
    }

    /// A new one.
    package static func random() -> SuperAdminSessionToken {
        let encoded = Data(SecureRandom.bytes(32)).base64EncodedString()
        return SuperAdminSessionToken(
            text: String(encoded.compactMap { $0 == "=" ? nil : $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }))
    }

    /// The token in a cookie's value; nil for what has not the form of one.
    package init?(cookie: some StringProtocol) {
        let isWellFormed = cookie.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard cookie.utf8.count == Self.length, isWellFormed else { return nil }
        text = String(cookie)
    }

    /// The value for the cookie.
    package var cookie: String { text }

    /// What the database knows the session by.
    package var proof: SuperAdminProof { SuperAdminProof(digest: Digest.sha256(text)) }

    /// What the forms of this session carry: derived from the secret, so that nobody who lacks the cookie can make a form, and
    /// not its digest, so that the database alone makes none either. 64 hexadecimal digits.
    package var formToken: String { Hex.encode(Digest.sha256("muster/console-form/v1:" + text)) }

    /// Whether a form sent the token of this session, in constant time.
    package func isFormToken(_ sent: some StringProtocol) -> Bool {
        constantTimeEquals(Array(sent.utf8), Array(formToken.utf8))
    }
}

extension SuperAdminSessionToken: CustomStringConvertible, CustomReflectable {
    /// Never the token.
    package var description: String { "SuperAdminSessionToken(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
