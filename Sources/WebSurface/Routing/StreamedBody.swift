// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// The body of a request that its handler reads piece by piece, once; knows whether it was read to its end.
final class StreamedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private enum State {
        case collected, unread, read
    }

    private let body: RequestBody
    private let announced: String?
    private let hasBody: Bool
    private let state = Mutex(State.collected)

    init(_ request: Request) {
        body = request.body
        announced = request.headers[.contentLength]
        hasBody = announced.map { $0 != "0" } ?? request.headers.contains(.transferEncoding)
    }

    /// The handler is to read it.
    ///
    /// - Throws: 413 when it is announced as longer than the limit.
    func begin(limit: Int) throws(APIError) {
        guard hasBody else { return }
        state.withLock { $0 = .unread }
        // The parser has refused what is no number; one that overflows is too large as well.
        if let announced, Int(announced).map({ $0 > limit }) ?? true { throw .payloadTooLarge }
    }

    /// Whether the handler left something of it: nobody knows then where the next request of the connection begins.
    var isUnread: Bool { state.withLock { $0 == .unread } }

    func makeAsyncIterator() -> Iterator { Iterator(body: hasBody ? body.makeAsyncIterator() : nil, whole: self) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var body: RequestBody.AsyncIterator?
        fileprivate let whole: StreamedBody

        mutating func next() async throws -> ByteBuffer? {
            guard let piece = try await body?.next() else {
                whole.state.withLock { $0 = .read }
                return nil
            }
            return piece
        }
    }
}
