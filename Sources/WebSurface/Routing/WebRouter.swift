// SPDX-License-Identifier: Apache-2.0
package import Hummingbird

/// The one router of a listener, on which the surfaces hang their routes.
///
/// A surface adds routes and throws what goes wrong; limits, `HEAD`, `OPTIONS`, 404, 405, the error shape, the common
/// headers, the access log and the metrics come from ``WebResponder``:
///
/// ```swift
/// let web = WebRouter()
/// web.routes.group("platform/api/v1")
///     .get("users/:id") { request, context in
///         guard let credential = context.web.credential else { throw APIError.invalidAccessToken }
///         let user = try await users.find(try context.pathID("id"), caller: credential)   // throws APIError
///         return Response.json { $0.object { $0.field("id", user.id) } }
///     }
///     .post("users") { request, context in
///         var reader = ParameterReader(try context.requestParameters(request))
///         let email = reader.string("email")
///         if email.value == nil { reader.complain("email", "can't be blank") }
///         try reader.finish()                                                             // 422 with all complaints
///         return Response.empty
///     }
/// let service = WebServer.makeApplication(configuration, responder: WebResponder(web), logger: logger)
/// ```
package final class WebRouter {
    /// Hummingbird's router; what a handler throws reaches ``WebResponder`` unrendered.
    package let routes: Router<WebContext>

    /// Makes a router without routes.
    package init() {
        routes = Router(context: WebContext.self)
        routes.add(middleware: UnrenderedErrors())
    }

    /// The paths whose GET has an effect, as they were added.
    private(set) var effectful: Set<String> = []

    /// Says that GET of a path does more than to show: HEAD, which must not (RFC 9110, section 9.2.1), is 405 there.
    ///
    /// - Parameter path: as the route was added, with its parameters.
    package func refuseHead(on path: RouterPath) { effectful.insert(path.description) }

    /// The paths whose POST reads its body itself, as they were added, with the most bytes that it takes.
    private(set) var streams: [String: Int] = [:]

    /// Lets POST of a path read its body piece by piece, as `request.body`: nothing of it is collected before, and the client has
    /// the time that it needs as long as it does not stop (``ConnectionTimeouts/stream``).
    ///
    /// What is not read to its end ends the connection.
    ///
    /// - Parameters:
    ///   - path: as the route was added, with its parameters.
    ///   - limit: bytes; a body that is announced as longer is 413 at once, and counting is the handler's.
    package func streamBody(of path: RouterPath, limit: Int) { streams[path.description] = limit }

    /// Where errors are shown as pages.
    private(set) var errorPages: [ErrorPages] = []

    /// Shows what goes wrong below a path as pages, also where there is no route.
    ///
    /// - Parameters:
    ///   - except: a part of it that stays as the API has it.
    ///   - answer: makes the page; what the error's own answer has of headers is added to it.
    package func renderErrors(
        below path: String, except: String,
        _ answer: @escaping @Sendable (any RenderableError, Request, WebContext) async -> Response
    ) {
        errorPages.append(ErrorPages(path: path, except: except, answer: answer))
    }
}

/// The errors of one part of the paths, shown as pages.
struct ErrorPages: Sendable {
    let path: String
    let except: String
    let answer: @Sendable (any RenderableError, Request, WebContext) async -> Response

    func covers(_ asked: Substring) -> Bool { Self.lies(asked, below: path) && !Self.lies(asked, below: except) }

    private static func lies(_ asked: Substring, below path: String) -> Bool {
        asked == path[...] || asked.hasPrefix(path + "/")
    }
}

/// Turns Hummingbird's own errors into ours before its responder renders them in another shape.
private struct UnrenderedErrors: RouterMiddleware {
    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as any HTTPResponseError {
            throw APIError(status: error.status)
        }
    }
}
