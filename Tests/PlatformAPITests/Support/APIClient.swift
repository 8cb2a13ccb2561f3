// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// One answer as it came over the wire.
struct Answer: Sendable, Equatable, CustomStringConvertible {
    var status = 0
    var headers: [String: String] = [:]
    var body = ""

    var description: String { "\(status) \(body)" }

    func hasSameFace(as other: Answer) -> Bool {
        status == other.status && body == other.body && headers["content-type"] == other.headers["content-type"]
            && headers["content-length"] == other.headers["content-length"] && Set(headers.keys) == Set(other.headers.keys)
    }
}

/// What a request carries beside verb and path.
enum Content: Sendable {
    case none
    case json(String)
    case form(String)
    case other(type: String?, String)
}

/// Calls the API over plain sockets with exactly the bytes it is told.
///
/// Every answer must have what every answer has: see `checkCommon`.
struct APIClient: Sendable {
    let port: Int
    let token: String?
    let appID: Int64
    var base = Self.base

    static let base = "/platform/api/v1"

    /// One request to a path below the API's base, with the client's own token unless `headers` are given.
    func call(
        _ method: String, _ path: String, _ content: Content = .none, headers: [(String, String)]? = nil,
        allowsMarkup: Bool = false, allowsUnavailable: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let headers = headers ?? token.map { [("api_access_token", $0)] } ?? []
        var text =
            "\(method) \(path.hasPrefix("/platform/") || path.hasPrefix("/auth") ? "" : base)\(path) HTTP/1.1\r\nHost: muster.example\r\nConnection: close\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        let (type, body) = Self.typeAndBody(content)
        if let type { text += "Content-Type: \(type)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        let request = text + "\r\n" + (body ?? "")
        let answer = try await exchange(request)
        if allowsUnavailable, answer.status == 503, answer.headers["retry-after"] != nil { return answer }
        Self.checkCommon(answer, "\(method) \(path)", toHead: method == "HEAD", allowsMarkup: allowsMarkup, sourceLocation)
        return answer
    }

    func get(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        try await call("GET", path, sourceLocation: sourceLocation)
    }

    func post(_ path: String, _ json: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        try await call("POST", path, .json(json), sourceLocation: sourceLocation)
    }

    func patch(_ path: String, _ json: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        try await call("PATCH", path, .json(json), sourceLocation: sourceLocation)
    }

    func delete(_ path: String, _ content: Content = .none, sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> Answer
    {
        try await call("DELETE", path, content, sourceLocation: sourceLocation)
    }

    private static func typeAndBody(_ content: Content) -> (String?, String?) {
        switch content {
        case .none: (nil, nil)
        case .json(let body): ("application/json", body)
        case .form(let body): ("application/x-www-form-urlencoded", body)
        case .other(let type, let body): (type, body)
        }
    }

    /// Sends bytes on a connection of their own and reads the answer to its end.
    func exchange(_ request: String) async throws -> Answer {
        let port = port
        let bytes: [UInt8]? = await withCheckedContinuation { continuation in
            Threads.run { continuation.resume(returning: Socket(port: port)?.exchange(Array(request.utf8))) }
        }
        return try #require(bytes.flatMap(Answer.init(parsing:)), "no answer")
    }

    private static func checkCommon(
        _ answer: Answer, _ call: String, toHead: Bool, allowsMarkup: Bool, _ location: SourceLocation
    ) {
        let headers = answer.headers
        let text: Comment = "\(call): \(answer) \(headers)"
        #expect((headers["x-request-id"]?.count ?? 0) >= 16, text, sourceLocation: location)
        #expect(
            headers["x-content-type-options"] == "nosniff" && headers["cache-control"] == "no-store", text,
            sourceLocation: location)
        let isBare = answer.status == 204 || answer.status == 304
        #expect(isBare || headers["content-type"] == "application/json; charset=utf-8", text, sourceLocation: location)
        #expect(allowsMarkup || !answer.body.contains("<"), text, sourceLocation: location)
        #expect(answer.status < 500, text, sourceLocation: location)
        if !toHead, !isBare {
            #expect(headers["content-length"] == String(answer.body.utf8.count), text, sourceLocation: location)
        }
        if !toHead, answer.status >= 400 { #expect(answer.body.hasPrefix("{"), text, sourceLocation: location) }
    }
}

extension Answer {
    fileprivate init?(parsing bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.utf8.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        self.status = status
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let (name, value) = (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
            // The one field that comes more than once: a line each.
            headers[name] = name == "set-cookie" ? headers[name].map { $0 + "\n" + value } ?? value : value
        }
        body = String(text[end.upperBound...])
    }
}

extension Collection where Element == UInt8 {
    fileprivate func firstRange(of pattern: [UInt8]) -> Range<Index>? {
        var at = startIndex
        while at != endIndex {
            if self[at...].starts(with: pattern) { return at..<index(at, offsetBy: pattern.count) }
            at = index(after: at)
        }
        return nil
    }
}

/// A TCP connection to the server.
private struct Socket: ~Copyable {
    private let descriptor: Int32

    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        // Only so that a call without an answer ends at all: a busy machine may take its time.
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { return nil }
    }

    deinit { close(descriptor) }

    func exchange(_ request: [UInt8]) -> [UInt8] {
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // The server may answer and stop reading before it has the whole of a request that is too large.
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            // Whoever was stopped and continued is told so by a socket with a time limit.
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return answer }
            answer += buffer[..<count]
        }
    }
}
