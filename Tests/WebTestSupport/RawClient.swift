// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// One answer as it came over the wire.
package struct RawAnswer: Sendable, Equatable {
    package var status = 0
    package var headers: [String: String] = [:]
    package var body = ""

    /// The value of a header, in whatever case its name is given.
    package func header(_ name: String) -> String? { headers[name.lowercased()] }

    /// The names which every answer must have, with what they must say.
    package var hasCommonHeaders: Bool {
        (headers["x-request-id"]?.count ?? 0) >= 16 && headers["x-content-type-options"] == "nosniff"
            && headers["cache-control"] == "no-store"
            && (status == 204 || headers["content-type"] == "application/json; charset=utf-8")
    }
}

/// A TCP connection that sends exactly the bytes it is told. Its blocking calls run on threads of their own.
package final class RawClient: Sendable {
    private let socket: Int32

    package init(port: Int, receiveTimeout: Int = 10) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var limit = timeval(tv_sec: receiveTimeout, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(socket) }

    /// Sends bytes; false when the other side is gone.
    @discardableResult package func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    @discardableResult package func send(_ bytes: [UInt8]) async -> Bool {
        await onThread { [socket] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    package func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// The next answer; nil when the connection ends or times out first.
    package func answer(toHead: Bool = false) async -> RawAnswer? {
        await onThread { [socket] in
            var head = ""
            var byte: UInt8 = 0
            while !head.hasSuffix("\r\n\r\n") {
                guard recv(socket, &byte, 1, 0) == 1 else { return nil }
                head.unicodeScalars.append(UnicodeScalar(byte))
            }
            let lines = head.split(separator: "\r\n")
            var answer = RawAnswer(status: Int(lines[0].split(separator: " ")[1]) ?? 0)
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                let (name, value) = (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
                // Several cookies are set by several fields: a line each.
                answer.headers[name] = answer.headers[name].map { $0 + "\n" + value } ?? value
            }
            if !toHead, answer.headers["transfer-encoding"] == "chunked" {
                guard let body = Self.chunks(of: socket) else { return nil }
                answer.body = String(decoding: body, as: UTF8.self)
                return answer
            }
            var body = [UInt8](repeating: 0, count: toHead ? 0 : Int(answer.headers["content-length"] ?? "0") ?? 0)
            var read = 0
            while read < body.count {
                let count = body.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + read, $0.count - read, 0) }
                guard count > 0 else { return nil }
                read += count
            }
            answer.body = String(decoding: body, as: UTF8.self)
            return answer
        }
    }

    /// A body that comes in pieces (RFC 9112, section 7.1); nil when it breaks off.
    private static func chunks(of socket: Int32) -> [UInt8]? {
        var body: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            var line = ""
            while !line.hasSuffix("\r\n") {
                guard recv(socket, &byte, 1, 0) == 1 else { return nil }
                line.unicodeScalars.append(UnicodeScalar(byte))
            }
            guard let size = Int(line.dropLast(), radix: 16) else { return nil }
            var chunk = [UInt8](repeating: 0, count: size + 2)
            var read = 0
            while read < chunk.count {
                let count = chunk.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + read, $0.count - read, 0) }
                guard count > 0 else { return nil }
                read += count
            }
            guard size > 0 else { return body }
            body += chunk.dropLast(2)
        }
    }

    /// Waits for the end of the connection; false when it is still open after the receive timeout.
    package func isClosed() async -> Bool {
        await onThread { [socket] in
            var byte: UInt8 = 0
            while true {
                let count = recv(socket, &byte, 1, 0)
                if count == 0 { return true }
                if count < 0 { return errno == ECONNRESET }
            }
        }
    }

    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
