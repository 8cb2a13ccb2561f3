// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Directory
import NIOCore
import NIOHTTP1
import NIOPosix

/// What became of one request.
enum SendResult: Sendable, Equatable {
    /// The receiver answered with this status.
    case answered(Int)
    /// There was no answer, for this reason.
    case failed(String)

    var isTaken: Bool {
        if case .answered(let status) = self { (200..<300).contains(status) } else { false }
    }
}

/// Sends requests to one destination whose address has been checked.
///
/// The connection goes to that very address, whatever the name says by then, while `Host` and TLS keep the name. Redirects are
/// not followed, and no more of an answer is read than its head.
struct Sender: Sendable {
    private let client: HTTPClient
    private let url: WebhookURL
    private let limit: Duration

    /// Lends a sender to `body`.
    nonisolated(nonsending) static func with<T>(
        _ url: WebhookURL, address: String, authorities: ReceiverAuthorities, limit: Duration,
        _ body: nonisolated(nonsending) (Sender) async throws -> T
    ) async throws -> T {
        var configuration = HTTPClient.Configuration()
        configuration.dnsOverride = [url.host: address]
        configuration.tlsConfiguration = authorities.configuration
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.decompression = .disabled
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(10))
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
        do {
            let value = try await body(Sender(client: client, url: url, limit: limit))
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Checks where a URL leads now.
    ///
    /// - Returns: the address to call.
    /// - Throws: ``DestinationError``.
    static func check(_ url: WebhookURL, _ policy: AddressPolicy, _ resolver: Resolver) async throws -> String {
        let addresses = try await resolver.resolve(url.host)
        guard !addresses.isEmpty else { throw DestinationError.unresolved }
        // A name that leads to a forbidden address as well is somebody's trick or somebody's mistake.
        guard addresses.allSatisfy(policy.permits) else { throw DestinationError.forbidden }
        guard url.isSecure || addresses.allSatisfy(policy.isTrusted) else { throw DestinationError.insecure }
        return addresses[0]
    }

    /// Sends one message, within the time limit.
    func send(_ message: Delivery, signature: String, timestamp: Int64) async throws -> SendResult {
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.headers = HTTPHeaders([
            ("content-type", "application/json"), ("user-agent", "muster"), ("webhook-id", message.messageID),
            ("webhook-timestamp", String(timestamp)), ("webhook-signature", signature),
        ])
        request.body = .bytes(ByteBuffer(string: message.payload))
        do {
            let response = try await client.execute(request, timeout: TimeAmount(limit))
            return .answered(Int(response.status.code))
        } catch {
            try Task.checkCancellation()
            return .failed(Self.code(of: error))
        }
    }

    /// A stable word: the error's own text may name addresses of our network.
    private static func code(of error: any Error) -> String {
        if let fault = secureConnectionFault(error) { return fault }
        return switch error {
        case let error as HTTPClientError where error == .connectTimeout || error == .readTimeout || error == .deadlineExceeded:
            "timeout"
        case is HTTPClientError: "bad_answer"
        case is NIOConnectionError, is IOError: "connection_failed"
        default: "connection_failed"
        }
    }
}
