// SPDX-License-Identifier: Apache-2.0

package import Directory
import HTTPTypes
import Hummingbird
package import SignIn
package import WebSurface

/// `/auth`: where people sign in and out and look after their sessions (contract section 7).
package struct SignInAPI: Sendable {
    let service: SignInService
    let sessions: SessionStore

    package init(directory: Directory, service: SignInService) {
        sessions = directory.sessions
        self.service = service
    }

    /// Adds every route of the API.
    package func addRoutes(to router: WebRouter) {
        let auth = router.routes.group("auth")
        auth.post("sign_in") { request, context in
            let attempt = SignInAttempt(try context.requestParameters(request), request, context)
            return try await service.signIn(attempt).response
        }
        auth.delete("sign_out") { request, context in
            guard let credential = PresentedPerson.credential(request.headers, sessions) else {
                throw PersonError.notSignedIn
            }
            do {
                try await sessions.end(nil, credential, requestID: context.web.requestID)
            } catch DirectoryError.invalidAccessToken, DirectoryError.notFound {
                throw PersonError.notSignedIn
            }
            return Response.json { $0.object { $0.field("success", true) } }
        }
        auth.get("validate_token") { request, _ in
            let user = try await authenticated(request) { try await sessions.person($0) }
            return Response.json(capacity: 1_024) { body in body.object { $0.field("data", user) } }
        }
        auth.get("sessions") { request, _ in
            let list = try await authenticated(request) { try await sessions.list($0) }
            return Response.json { body in body.array { for session in list { session.write(to: &$0, own: true) } } }
        }
        auth.delete("sessions/:id") { request, context in
            try await authenticated(request) { credential in
                let id: Int64
                do throws(APIError) {
                    id = try context.pathID("id")
                } catch {
                    _ = try await sessions.person(credential)
                    throw error
                }
                try await sessions.end(id, credential, requestID: context.web.requestID)
            }
            return Response.empty
        }
    }

    /// Runs `body` with the credential that the request presents.
    private func authenticated<T: Sendable>(
        _ request: Request, _ body: (PersonCredential) async throws -> T
    ) async throws -> T {
        guard let credential = PresentedPerson.credential(request.headers, sessions) else {
            throw PersonError.invalidCredential
        }
        do {
            return try await body(credential)
        } catch DirectoryError.invalidAccessToken {
            throw PersonError.invalidCredential
        }
    }
}

extension SignInAttempt {
    /// What a sign-in sends, in body or query; what is no text counts as absent.
    fileprivate init(_ parameters: RequestParameters, _ request: Request, _ context: WebContext) {
        var reader = ParameterReader(parameters)
        self.init(
            email: reader.string("email").value ?? "", password: reader.string("password").value ?? "",
            linkToken: reader.string("sso_auth_token").value ?? "", address: context.web.remoteAddress,
            userAgent: request.headers[.userAgent], requestID: context.web.requestID)
    }
}
