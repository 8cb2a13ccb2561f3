// SPDX-License-Identifier: Apache-2.0

package import Directory
import FoundationEssentials
import Secrets

/// Who holds a session's secret.
package enum SessionHolder: Sendable {
    /// A program, which sends it in headers.
    case client
    /// A browser, which sends it in a cookie to our own pages.
    case browser
}

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

    /// What the database keeps of a secret. A browser's gives another digest than a client's: what a cookie holds is of no use
    /// in a header, nor the other way round.
    static func digest(_ token: String, of holder: SessionHolder = .client) -> [UInt8] {
        switch holder {
        case .client: Digest.sha256(token)
        case .browser: Digest.sha256("browser:" + token)
        }
    }

    /// What a browser keeps of its session: `client.secret`.
    package static func cookie(_ signedIn: SignedIn) -> String { "\(signedIn.client).\(signedIn.accessToken)" }

    /// What such a cookie shows; what is not well-formed is nil and costs no query.
    package static func proof(cookie: some StringProtocol) -> SessionProof? {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 22 && $0.allSatisfy(\.isASCII) }) else { return nil }
        return SessionProof(client: String(parts[0]), digest: digest(String(parts[1]), of: .browser))
    }

    /// The credential that a session's client presents; what is not well-formed is nil and costs no query.
    package static func credential(accessToken: String, client: String, uid: String) -> PersonCredential? {
        guard accessToken.utf8.count == 22, client.utf8.count == 22, !uid.isEmpty else { return nil }
        for text in [client, uid] where text.utf8.contains(0) { return nil }
        let proof = SessionProof(client: client, digest: digest(accessToken))
        return .session(proof, email: SessionStore.normalisedEmail(uid))
    }
}
