// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Testing

/// Software that calls the API with exactly the bytes it is told; an app of an operator, or nobody.
struct ContractClient: Sendable {
    let daemon: ContractDaemon
    let token: String?
    let appID: Int64

    static let base = "/platform/api/v1"

    /// What a request carries beside its head. A literal is JSON.
    enum Content: Sendable, ExpressibleByStringInterpolation {
        case none
        case json(String)
        case form(String)
        case other(type: String?, String)

        init(stringLiteral value: String) { self = .json(value) }
    }

    /// An answer as it came over the wire.
    struct Answer: Sendable, CustomStringConvertible {
        let status: Int
        /// Names in small letters.
        let headers: [String: String]
        let body: String

        var description: String { "\(status) \(body)" }

        /// The body's object, or the element of a body that is an array.
        var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:] }
        var list: [[String: Any]] { (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [[String: Any]] ?? [] }
        var ids: [Int64] { list.compactMap { ($0["id"] as? NSNumber)?.int64Value } }

        /// The headers with which a session goes on.
        var sessionHeaders: [(String, String)] { ["access-token", "client", "uid"].map { ($0, headers[$0] ?? "") } }

        func text(_ key: String) -> String? { json[key] as? String }
    }

    /// One call. `line` is verb and path; a path that does not begin with `/auth` or `/platform` is below the API's base.
    func call(
        _ line: String, _ content: Content = .none, headers: [(String, String)]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let isWhole = ["/auth", "/platform", "/health", "/app/"].contains { words[1].hasPrefix($0) }
        let path = (isWhole ? "" : Self.base) + words[1]
        var text = "\(words[0]) \(path) HTTP/1.1\r\nHost: muster.example\r\nConnection: close\r\n"
        for (name, value) in headers ?? token.map({ [("api_access_token", $0)] }) ?? [] { text += "\(name): \(value)\r\n" }
        let (type, body) = Self.typeAndBody(content)
        if let type { text += "Content-Type: \(type)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        let (port, request) = (daemon.port, text + "\r\n" + (body ?? ""))
        let outcome = await Threads.run {
            let client = LoadClient(port: port)
            return client.send(request) ? client.read(hasBody: words[0] != "HEAD") : .unanswered
        }
        guard case .answered(let status, let headers, let body) = outcome else {
            Issue.record("\(line): \(outcome)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        let answer = Answer(status: status, headers: headers, body: body)
        daemon.secrets.note(answer)
        return answer
    }

    private static func typeAndBody(_ content: Content) -> (String?, String?) {
        switch content {
        case .none: (nil, nil)
        case .json(let body): ("application/json", body)
        case .form(let body): ("application/x-www-form-urlencoded", body)
        case .other(let type, let body): (type, body)
        }
    }
}

/// Threads for calls that block.
enum Threads {
    static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
