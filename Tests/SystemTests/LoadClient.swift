// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One keep-alive connection that sends a request at a time. Blocks: use it on a thread of its own, see `Load`.
final class LoadClient {
    /// What became of a request.
    enum Outcome: Equatable {
        case answered(Int, headers: [String: String], body: String)
        /// There was no connection, or it was closed before a byte of an answer came.
        case unanswered
        /// The answer broke off.
        case torn

        var status: Int? { if case .answered(let status, _, _) = self { status } else { nil } }
    }

    private let port: Int
    private var socket: Int32 = -1

    init(port: Int) { self.port = port }

    deinit { hangUp() }

    func hangUp() {
        if socket >= 0 { close(socket) }
        socket = -1
    }

    /// The text of a request.
    static func text(_ method: String, _ path: String, _ headers: [String: String], _ body: String) -> String {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: muster\r\nContent-Length: \(body.utf8.count)\r\n"
        if !body.isEmpty { text += "Content-Type: application/json\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return text + "\r\n" + body
    }

    func send(_ method: String, _ path: String, token: String, key: String? = nil, body: String = "") -> Outcome {
        var headers = ["api_access_token": token]
        headers["Idempotency-Key"] = key
        return send(Self.text(method, "/platform/api/v1/\(path)", headers, body)) ? read() : .unanswered
    }

    /// Whether all bytes went out, on the connection that is open or on a new one.
    func send(_ text: String) -> Bool {
        if socket < 0, !dial() { return false }
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else {
                hangUp()
                return false
            }
            sent += count
        }
        return true
    }

    /// - Parameter hasBody: false for the answer to a HEAD, whose length is that of another body.
    func read(hasBody: Bool = true) -> Outcome {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            if let outcome = Self.parse(bytes, hasBody) {
                if case .answered(_, let headers, _) = outcome, headers["connection"] == "close" { hangUp() }
                return outcome
            }
            let count = recv(socket, &buffer, buffer.count, 0)
            // Whoever was stopped and continued is told so by a socket with a time limit.
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                hangUp()
                return bytes.isEmpty ? .unanswered : .torn
            }
            bytes += buffer[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8], _ hasBody: Bool) -> Outcome? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        let body = String(text[end.upperBound...])
        // Read to its last chunk, and given as it came.
        if hasBody, headers["transfer-encoding"] == "chunked", !body.hasSuffix("0\r\n\r\n") { return nil }
        guard !hasBody || body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        return .answered(Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers, body: body)
    }

    private func dial() -> Bool {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let socket = socket
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { hangUp() }
        return result == 0
    }
}

/// Workers that call from threads of their own until they are told to stop.
enum Load {
    /// Runs `workers` of them; each call of `step` is one piece of work and says whether to go on.
    static func run<Result: Sendable>(
        workers: Int, _ work: @Sendable @escaping (Int) -> Result
    ) async -> [Result] {
        await withTaskGroup(of: Result.self) { group in
            for number in 0..<workers {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread { continuation.resume(returning: work(number)) }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
