// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import InMemoryLogging
import Logging
import WebSurface
import WebTestSupport

/// A listener on a free port with a few routes that show what handlers get.
struct LiveServer: Sendable {
    let port: Int
    let log: InMemoryLogHandler

    /// What a test may change before the start.
    struct Setup {
        var configuration = WebServerConfiguration(port: 0)
        var options = WebResponder.Options()
        var web = WebRouter()
    }

    static func run(
        _ change: (inout Setup) -> Void = { _ in }, _ body: @Sendable @escaping (LiveServer) async throws -> Void
    ) async throws {
        var setup = Setup()
        addRoutes(setup.web)
        change(&setup)
        var log = InMemoryLogHandler()
        log.logLevel = .debug
        let handler = log
        try await serving(WebResponder(setup.web, options: setup.options), configuration: setup.configuration, log: handler) {
            try await body(LiveServer(port: $0, log: handler))
        }
    }

    private static func addRoutes(_ web: WebRouter) {
        web.addHealthRoutes { .notReady("database") }
        let api = web.routes.group("api")
        api.get("users/:id") { _, context in
            let id = try context.pathID("id")
            return Response.json { $0.object { $0.field("id", id) } }
        }
        api.delete("users/:id") { _, _ in Response.empty }
        api.patch("users/:id") { _, _ -> Response in throw APIError.unavailable(retryAfterSeconds: 3) }
        api.get("names/:name") { _, context in
            let name = try context.pathText("name")
            return Response.json { $0.object { $0.field("name", name) } }
        }
        for method in [HTTPRequest.Method.get, .post] {
            api.on("echo", method: method) { request, context in
                let parameters = try context.requestParameters(request)
                return Response.json { $0.element(.object(parameters.fields)) }
            }
        }
        api.get("remote") { _, context in Response.json { $0.element(context.web.remoteAddress) } }
        api.get("slow") { _, context in
            context.logger.debug("slow began")
            try await Task.sleep(for: .milliseconds(300))
            return Response.json { $0.element("slow") }
        }
        api.post("ignores") { _, _ in Response.empty }
        api.get("fails") { _, _ -> Response in throw Secretive(token: "s3cret") }
        api.get("hb") { _, _ -> Response in throw HTTPError(.conflict, message: "their shape") }
        api.get("schema.json") { _, _ in Response.json { $0.element("literal") } }
    }

    func client(receiveTimeout: Int = 10) throws -> RawClient { try RawClient(port: port, receiveTimeout: receiveTimeout) }

    /// Waits until a handler has written this line.
    func waitForLine(_ message: Logger.Message) async throws {
        for _ in 0..<500 where !log.entries.contains(where: { $0.message == message }) {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// One request on a connection of its own.
    func request(
        _ method: String, _ target: String, _ headers: [String: String] = [:], body: String? = nil
    ) async throws -> RawAnswer? {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: x\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        let client = try client()
        await client.send(text + "\r\n" + (body ?? ""))
        return await client.answer(toHead: method == "HEAD")
    }
}

/// An error that would print its secret if somebody printed it.
struct Secretive: Error {
    let token: String
}
