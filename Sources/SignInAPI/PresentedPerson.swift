// SPDX-License-Identifier: Apache-2.0

import Directory
import FoundationEssentials
import HTTPTypes
import SignIn
import WebSurface

/// Finds the credential of a person in a request's headers.
///
/// The headers of a session (`access-token`, `client`, `uid`) come first; then a bearer, which is a user's access token or the
/// base64 of a session's headers as JSON; then a user's access token in `api_access_token`.
enum PresentedPerson {
    static func credential(_ headers: HTTPFields, _ sessions: SessionStore) -> PersonCredential? {
        if let token = headers[.accessToken], let client = headers[.client], let uid = headers[.uid] {
            return SessionToken.credential(accessToken: token, client: client, uid: uid)
        }
        guard let presented = PresentedCredential(headers) else { return nil }
        if let credential = sessions.credential(token: presented.token) { return credential }
        return presented.source == .bearer ? session(bearer: presented.token) : nil
    }

    private static func session(bearer: String) -> PersonCredential? {
        guard bearer.utf8.count <= 4_096, let data = Data(base64Encoded: bearer),
            case .object(let fields)? = try? JSONParser.parse(Array(data)).value,
            case .string(let token)? = fields["access-token"], case .string(let client)? = fields["client"],
            case .string(let uid)? = fields["uid"]
        else { return nil }
        return SessionToken.credential(accessToken: token, client: client, uid: uid)
    }
}

extension HTTPField.Name {
    static let accessToken = HTTPField.Name("access-token")!
    static let tokenType = HTTPField.Name("token-type")!
    static let client = HTTPField.Name("client")!
    static let expiry = HTTPField.Name("expiry")!
    static let uid = HTTPField.Name("uid")!
}
