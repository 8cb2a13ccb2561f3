// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import NIOCore
package import SignIn
import WebSurface

/// How refused sign-ins look on the wire (contract section 7.3).
extension SignInError: RenderableError {
    package var status: HTTPResponse.Status {
        switch self {
        case .invalidCredentials: .unauthorized
        case .throttled: .tooManyRequests
        }
    }

    package var body: ByteBuffer {
        switch self {
        case .invalidCredentials: refusal("Invalid login credentials. Please try again.")
        case .throttled: APIError.tooManyRequests.body
        }
    }

    package var headers: HTTPFields {
        switch self {
        case .invalidCredentials: [:]
        case .throttled(let seconds): [.retryAfter: String(seconds)]
        }
    }
}

/// Why a call of a signed-in person was refused.
enum PersonError: RenderableError {
    case invalidCredential
    case notSignedIn

    var code: String {
        switch self {
        case .invalidCredential: "invalid_session"
        case .notSignedIn: "not_signed_in"
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .invalidCredential: .unauthorized
        case .notSignedIn: .notFound
        }
    }

    var body: ByteBuffer {
        switch self {
        case .invalidCredential: refusal("Invalid login credentials")
        case .notSignedIn: refusal("User was not found or was not logged in.")
        }
    }

    var headers: HTTPFields { [:] }
}

/// The shape in which the original refuses whatever has to do with signing in.
private func refusal(_ message: String) -> ByteBuffer {
    var writer = JSONWriter(capacity: 128)
    writer.object { body in
        body.field("success", false)
        body.array("errors") { $0.element(message) }
    }
    return writer.buffer
}
