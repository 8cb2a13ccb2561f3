// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// What a receiver was sent.
struct Message: Sendable {
    let id: String
    let timestamp: String
    let signature: String
    let host: String
    let path: String
    let body: String
    /// `user 7`, as the body says.
    var subject: String { "\(field("object")) \(field("user_id") == "null" ? field("id") : field("user_id"))" }
    var type: String { field("type") }

    /// The first value with this name; tests put nothing into names that could be mistaken for one.
    private func field(_ name: String) -> String {
        guard let start = body.range(of: "\"\(name)\" : ")?.upperBound else { return "" }
        return String(body[start...].prefix { $0 != "," && $0 != "}" }).filter { $0 != "\"" }
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}

/// A web server that takes webhooks on a free port, answers as it is told and remembers what came.
final class Receiver: Sendable {
    typealias Answer = @Sendable (Message, _ number: Int) async throws -> Response

    let messages = Mutex<[Message]>([])
    private let answer: Answer

    init(_ answer: @escaping Answer = { _, _ in Response(status: .noContent) }) { self.answer = answer }

    var received: [Message] { messages.withLock { $0 } }

    /// Runs `body` while the receiver listens.
    ///
    /// - Parameter tls: as whom it speaks https; nil is plain http.
    func listening(as tls: TLSConfiguration? = nil, _ body: @Sendable @escaping (_ port: Int) async throws -> Void) async throws {
        let quiet = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            func header(_ name: String) -> String { HTTPField.Name(name).flatMap { request.headers[$0] } ?? "" }
            let text = String(buffer: try await request.body.collect(upTo: 1 << 20))
            let message = Message(
                id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature"),
                host: request.head.authority ?? "", path: request.uri.path, body: text)
            let number = self.messages.withLock { list in
                list.append(message)
                return list.count
            }
            return try await self.answer(message, number)
        }
        let (ports, sink) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: responder, server: try tls.map { try .tls(tlsConfiguration: $0) } ?? .http1(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { sink.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            defer { tasks.cancelAll() }
            try await body(port)
        }
    }
}
