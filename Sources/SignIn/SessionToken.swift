// SPDX-License-Identifier: Apache-2.0

package import Directory
import FoundationEssentials
import Secrets

/// The texts of a session: its secret and its public name, both 22 characters of URL-safe base64.
package enum SessionToken {
    static func random() -> String {
        var text = ""
        for character in Data(SecureRandom.bytes(16)).base64EncodedString() {
            switch character {
            case "+": text.append("-")
            case "/": text.append("_")
            case "=": break
            default: text.append(character)
            }
        }
        return text
    }

    static func digest(_ token: String) -> [UInt8] { Digest.sha256(token) }

    /// The credential that a session's client presents; what is not well-formed is nil and costs no query.
    package static func credential(accessToken: String, client: String, uid: String) -> PersonCredential? {
        guard accessToken.utf8.count == 22, client.utf8.count == 22, !uid.isEmpty else { return nil }
        for text in [client, uid] where text.utf8.contains(0) { return nil }
        return .session(client: client, digest: digest(accessToken), email: SessionStore.normalisedEmail(uid))
    }
}
