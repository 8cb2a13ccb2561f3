// SPDX-License-Identifier: Apache-2.0
package import Directory
package import HTTPTypes
package import NIOCore

/// An error that knows what the client is told. Everything else that a handler throws is answered with 500.
package protocol RenderableError: Error, Sendable {
    /// A stable word for logs and tests.
    var code: String { get }
    var status: HTTPResponse.Status { get }
    /// The JSON body of the answer.
    var body: ByteBuffer { get }
    /// Headers beside those which every answer has.
    var headers: HTTPFields { get }
}

/// The errors of the API's catalogue; their bodies are part of the contract.
package struct APIError: RenderableError, Equatable {
    package let code: String
    package let status: HTTPResponse.Status
    package let body: ByteBuffer
    package var headers: HTTPFields = [:]

    /// No token, or one that is not a live token of the right kind: 401.
    package static let invalidAccessToken = APIError("invalid_access_token", .unauthorized, "Invalid access_token")
    /// The caller was never permitted to the object, whether or not it exists: 401.
    package static let nonPermissible = APIError("non_permissible", .unauthorized, "Non permissible resource")
    /// The token is good, and its scopes do not reach as far as the call: 403.
    package static let insufficientScope = APIError("insufficient_scope", .forbidden, "Insufficient scope")
    /// A path without route, or an object that was deleted: 404.
    package static let notFound = APIError(status: .notFound)
    /// A body that is not JSON though it says so, a broken form, an invalid percent-encoding: 400.
    package static let badRequest = APIError(status: .badRequest)
    /// The object is not in the state that the caller's `If-Match` names: 412.
    package static let preconditionFailed = APIError(status: .preconditionFailed)
    /// A call with the same Idempotency-Key is being carried out: 409, to be tried again.
    package static let inProgress: APIError = {
        var error = APIError(
            "in_progress", .conflict, "A request with this Idempotency-Key is still being processed")
        error.headers[.retryAfter] = "1"
        return error
    }()
    /// The body is larger than the limit: 413.
    package static let payloadTooLarge = APIError(status: .contentTooLarge, reason: "Payload Too Large")
    /// The body has a media type, character set or encoding that the API does not read: 415.
    package static let unsupportedMediaType = APIError(status: .unsupportedMediaType)
    /// Too many calls: 429.
    package static let tooManyRequests = APIError(status: .tooManyRequests)
    /// Something broke on our side: 500.
    package static let internalServerError = APIError(status: .internalServerError)

    /// The call's content is at fault: 422 with every problem.
    package static func validation(_ problems: [FieldProblem]) -> APIError {
        var attributes: [String] = []
        for problem in problems where !attributes.contains(problem.attribute) { attributes.append(problem.attribute) }
        var writer = JSONWriter(capacity: 128)
        writer.object { body in
            body.field("message", problems.map(\.message).joined(separator: ", "))
            body.array("attributes") { list in for attribute in attributes { list.element(attribute) } }
        }
        return APIError(code: "validation", status: .unprocessableContent, body: writer.buffer)
    }

    /// The service or its database cannot answer now: 503.
    package static func unavailable(retryAfterSeconds: Int = 1) -> APIError {
        var error = APIError(status: .serviceUnavailable)
        error.headers[.retryAfter] = String(retryAfterSeconds)
        return error
    }

    /// The path exists, the verb does not: 405 with the verbs that do.
    package static func methodNotAllowed(allow: String) -> APIError {
        var error = APIError(status: .methodNotAllowed)
        error.headers[.allow] = allow
        return error
    }

    /// An error in the contract's text form: `{"error":"…"}`.
    package init(_ code: String, _ status: HTTPResponse.Status, _ text: String) {
        var writer = JSONWriter(capacity: 64)
        writer.object { $0.field("error", text) }
        self.init(code: code, status: status, body: writer.buffer)
    }

    /// An error in the contract's status form: `{"status":404,"error":"Not Found"}`.
    package init(status: HTTPResponse.Status, reason: String? = nil) {
        var writer = JSONWriter(capacity: 64)
        writer.object { body in
            body.field("status", Int64(status.code))
            body.field("error", reason ?? status.reasonPhrase)
        }
        self.init(code: "http_\(status.code)", status: status, body: writer.buffer)
    }

    private init(code: String, status: HTTPResponse.Status, body: ByteBuffer) {
        self.code = code
        self.status = status
        self.body = body
    }
}
