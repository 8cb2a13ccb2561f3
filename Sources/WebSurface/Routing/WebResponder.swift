// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Stands around the router and gives every answer of a listener its common behaviour.
///
/// Body limits, path spelling (`.json`, percent-encoding, slashes), `HEAD`, `OPTIONS`, 404 and 405, errors rendered in one
/// place, common headers, access log and metrics. Hummingbird would attach middlewares to routes only, and answer what is
/// not routed by itself; so this is a responder and not a middleware.
package struct WebResponder: HTTPResponder {
    package typealias Context = WebContext

    /// What a listener allows.
    package struct Options: Sendable {
        /// Bodies above this many bytes are 413, whether announced or counted.
        package var maximumBodySize = 1 << 20
        /// Proxies whose `X-Forwarded-For` is believed.
        package var trustedProxies = TrustedProxies()
        /// Paths whose bodies may be larger than others, with their own limit in bytes.
        package var largeBodies: [String: Int] = [:]
        /// Requests of one client address, and under one token, in this process; nil is no limit.
        package var addressLimit: RateLimit?
        package var tokenLimit: RateLimit?
        /// The limit that the holder of a token has for itself, in place of `tokenLimit`. Asked with every request: it looks into
        /// memory and at nothing else.
        package var ownLimit: (@Sendable (_ token: String) -> OwnLimit?)?
        /// Where requests are counted and timed; nil is the process's own factory of metrics.
        package var metrics: PrometheusRegistry?
        /// Called with a presented token before its request is routed, so that it is known by then if another daemon signed it
        /// with a key that is new.
        package var onToken: (@Sendable (_ token: String) async -> Void)?

        /// The defaults: 1 MiB, no trusted proxy.
        package init() {}
    }

    private let router: RouterResponder<WebContext>
    private let routes: RouteTable
    private let options: Options
    private let metrics: RequestMetrics
    private let limits: RequestLimits?
    private let errorPages: [ErrorPages]

    /// Freezes the routes added so far.
    package init(_ router: WebRouter, options: Options = Options()) {
        self.router = router.routes.buildResponder()
        routes = RouteTable(router)
        errorPages = router.errorPages
        self.options = options
        metrics = RequestMetrics(options.metrics)
        limits = RequestLimits(
            perAddress: options.addressLimit, perToken: options.tokenLimit, ownLimit: options.ownLimit)
    }

    /// The most that any path takes; which one it is, is known behind the head.
    var maximumBodySize: Int { options.largeBodies.values.reduce(max(options.maximumBodySize, routes.longestStream), max) }

    /// Whether the body of a request is read by its handler, who sees from its head where it goes.
    func streamsBody(_ head: HTTPRequest) -> Bool {
        guard head.method == .post, let target = head.path else { return false }
        return (try? routed(RequestPath.split(target).path)).flatMap { routes.streamLimit(.post, $0[...]) } != nil
    }

    /// Answers one request; never throws.
    package func respond(to request: Request, context: WebContext) async -> Response {
        let start = ContinuousClock.now
        var context = context
        context.web.remoteAddress = options.trustedProxies.clientAddress(
            peer: context.web.peer, headers: request.headers)
        context.web.isPeerTrusted = context.web.peerAddress.map(options.trustedProxies.trusts) ?? false
        if let trace = request.headers[.traceparent].flatMap(TraceContext.init) {
            context.web.trace = trace
            context.logger[metadataKey: "trace_id"] = .string(trace.traceID)
        }
        metrics.requestBegan()
        defer { metrics.requestEnded() }
        let (path, query) = RequestPath.split(request.head.path ?? "/")
        let isProbe = path == "/health"
        context.web.credential = PresentedCredential(request.headers)
        let allowance = isProbe ? nil : limits?.take(address: context.web.remoteAddress, context.web.credential)
        context.web.query = query
        var code: String?
        var response: Response
        let stream = StreamedBody(request)
        do {
            if let allowance, !allowance.isAllowed { throw allowance.refusal }
            if let onToken = options.onToken, let token = context.web.credential?.token { await onToken(token) }
            response = try await answer(request, path: path, stream, context: &context)
        } catch {
            let error = renderable(error, context: context)
            code = error.code
            response = await answer(to: error, request, path, context)
        }
        complete(&response, to: request, requestID: context.web.requestID, allowance)
        if stream.isUnread { response.headers[.connection] = "close" }
        record(response, to: request, path: path, context: context, errorCode: code, duration: .now - start)
        return response
    }

    // MARK: - Routing

    private func answer(
        _ request: Request, path: Substring, _ stream: StreamedBody, context: inout WebContext
    ) async throws -> Response {
        var request = request
        let path = try routed(path)
        var head = request.head
        if head.method == .head, routes.hasHead(path[...]) { head.method = .get }
        if head.method != request.head.method || path != request.uri.path {
            head.path = path
            request = Request(head: head, body: request.body)
        }
        if let limit = routes.streamLimit(request.method, path[...]) {
            try stream.begin(limit: limit)
            request.body = RequestBody(asyncSequence: stream)
        } else {
            context.web.body = try await collectBody(of: request, limit: options.largeBodies[path] ?? options.maximumBodySize)
            request.body = RequestBody(buffer: context.web.body)
        }
        do {
            return try await router.respond(to: request, context: context)
        } catch let error as APIError where error.status == .notFound && context.coreContext.endpointPath.value == "NotFound" {
            return try unrouted(request.method, path: path)
        }
    }

    /// The path as routes are written: encoding normalised, `.json` cut off.
    private func routed(_ path: Substring) throws -> String {
        var text = String(path)
        if text.utf8.contains(UInt8(ascii: "%")) {
            guard let normal = RequestPath.normalised(path) else { throw APIError.badRequest }
            text = normal
        }
        if text.hasSuffix(".json"), !routes.hasLiteral(text[...]) { text.removeLast(".json".count) }
        return text
    }

    private func unrouted(_ method: HTTPRequest.Method, path: String) throws -> Response {
        if method == .options, path == "*" {
            return Response(status: .noContent, headers: [.allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"])
        }
        guard let allow = routes.allow(path[...]) else { throw APIError.notFound }
        guard method == .options else { throw APIError.methodNotAllowed(allow: allow) }
        return Response(status: .noContent, headers: [.allow: allow])
    }

    private func collectBody(of request: Request, limit: Int) async throws -> ByteBuffer {
        let announced = request.headers[.contentLength]
        if let announced {
            if announced == "0" { return ByteBuffer() }
            // The parser has refused what is no number; one that overflows is too large as well.
            guard let length = Int(announced), length <= limit else { throw APIError.payloadTooLarge }
        } else if !request.headers.contains(.transferEncoding) {
            return ByteBuffer()
        }
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.payloadTooLarge
        } catch {
            throw UnreadableBody()
        }
    }

    // MARK: - Errors

    /// The one place where an error becomes an answer.
    private func renderable(_ error: any Error, context: WebContext) -> any RenderableError {
        switch error {
        case let error as any RenderableError: return error
        case is NIOTooManyBytesError: return APIError.payloadTooLarge
        case is CancellationError: return APIError.unavailable()
        default:
            let words = ownDescription(of: error) ?? "-"
            context.logger.error(
                "request failed",
                metadata: [
                    "request_id": .string(context.web.requestID), "error_type": .string(String(reflecting: type(of: error))),
                    "error": .string(String(words.prefix(1000))),
                ])
            return APIError.internalServerError
        }
    }

    private func answer(
        to error: any RenderableError, _ request: Request, _ path: Substring, _ context: WebContext
    ) async -> Response {
        guard let pages = errorPages.first(where: { $0.covers(path) }) else {
            return Response(status: error.status, headers: error.headers, body: ResponseBody(byteBuffer: error.body))
        }
        var response = await pages.answer(error, request, context)
        for field in error.headers where response.headers[field.name] == nil { response.headers.append(field) }
        return response
    }

    // MARK: - Headers

    private func complete(_ response: inout Response, to request: Request, requestID: String, _ allowance: RateLimiter.Allowance?)
    {
        var headers = response.headers
        headers[.xRequestID] = requestID
        if headers[.contentType] == nil, response.status != .noContent, response.status != .notModified {
            headers[.contentType] = "application/json; charset=utf-8"
        }
        headers[.xContentTypeOptions] = "nosniff"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        allowance?.write(to: &headers)
        // Nobody knows where the next request of such a connection begins, or the rest is not worth reading.
        if response.status == .contentTooLarge || response.status == .requestTimeout
            || (response.status == .tooManyRequests && Self.hasBody(request))
        {
            headers[.connection] = "close"
        }
        response.headers = headers
        if request.method == .head { response = response.createHeadResponse() }
    }

    private static func hasBody(_ request: Request) -> Bool {
        request.headers.contains(.transferEncoding) || (request.headers[.contentLength] ?? "0") != "0"
    }

    private func record(
        _ response: Response, to request: Request, path: Substring, context: WebContext, errorCode: String?,
        duration: Duration
    ) {
        let endpoint = context.coreContext.endpointPath.value ?? "unrouted"
        let route = endpoint == "NotFound" ? "unrouted" : endpoint
        let status = response.status
        metrics.record(route: route, method: request.method, status: status.code, duration: duration)
        var logger = context.logger
        // Hummingbird's own, which says nothing that ours does not.
        logger[metadataKey: "hb.request.id"] = nil
        AccessLog(logger: logger).record(
            AccessLog.Entry(
                method: request.method.rawValue, path: String(path), status: status, duration: duration,
                bytes: response.body.contentLength, requestID: context.web.requestID,
                remoteAddress: context.web.remoteAddress, errorCode: errorCode),
            status: status, isProbe: route == "/health" || route == "/ready")
    }
}

/// What an error says about itself. One without words of its own stays unquoted, since the default description prints
/// every stored property, secrets included.
private func ownDescription(of error: any Error) -> String? {
    // Asked of the type: an error value itself casts to anything that NSError conforms to.
    type(of: error) is any CustomStringConvertible.Type ? String(describing: error) : nil
}

/// The client went away in the middle of its body, or framed it wrongly; nobody may be left to read the answer.
private struct UnreadableBody: RenderableError {
    let code = "unreadable_body"
    let status = HTTPResponse.Status.badRequest
    let body = APIError.badRequest.body
    let headers: HTTPFields = [.connection: "close"]
}

extension HTTPField.Name {
    fileprivate static let traceparent = HTTPField.Name("traceparent")!
    static let xRequestID = HTTPField.Name("X-Request-Id")!
    static let xContentTypeOptions = HTTPField.Name("X-Content-Type-Options")!
}
