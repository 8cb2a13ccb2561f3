// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
package import NIOCore
import Synchronization

/// The file of a form, as it comes: read piece by piece, once. The text fields before it are looked at first, and nothing of the
/// file is passed on for a form that is refused.
///
/// Whoever reads may turn what is thrown into an error of its own; ``refusal`` keeps what it was.
package final class FormUpload: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    private struct Head {
        var fields: [String: String] = [:]
        var fileName: String?
        var refusal: (any Error)?
        var size: Int64 = 0
    }

    /// Bytes that a form may have beside its file.
    package static let overhead = 64 << 10

    private let body: RequestBody
    private let boundary: String
    private let check: @Sendable (_ fields: [String: String]) throws -> Void
    private let head = Mutex(Head())

    /// - Parameters:
    ///   - request: whose body nobody has read.
    ///   - check: looks at the fields that stand before the file, and throws for a form that is not taken.
    /// - Throws: 415 for what is no form with a file.
    package init(
        _ request: Request, check: @escaping @Sendable (_ fields: [String: String]) throws -> Void
    ) throws(APIError) {
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("multipart/form-data"), let boundary = MultipartParser.parameter("boundary", of: type),
            (1...70).contains(boundary.utf8.count)
        else { throw .unsupportedMediaType }
        self.boundary = boundary
        self.check = check
        body = request.body
    }

    /// The text fields that came before the file.
    package var fields: [String: String] { head.withLock { $0.fields } }
    /// What the sender calls the file, untrusted; nil before it begins.
    package var fileName: String? { head.withLock { $0.fileName } }
    /// Why the form was not taken.
    package var refusal: (any Error)? { head.withLock { $0.refusal } }
    /// Bytes of the file so far.
    package var size: Int64 { head.withLock { $0.size } }

    package func makeAsyncIterator() -> Iterator {
        Iterator(upload: self, body: body.makeAsyncIterator(), stream: MultipartStream(boundary: boundary))
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let upload: FormUpload
        fileprivate var body: RequestBody.AsyncIterator
        fileprivate var stream: MultipartStream
        private var pieces: [ByteBuffer] = []

        fileprivate init(upload: FormUpload, body: RequestBody.AsyncIterator, stream: MultipartStream) {
            (self.upload, self.body, self.stream) = (upload, body, stream)
        }

        package mutating func next() async throws -> ByteBuffer? {
            while pieces.isEmpty {
                guard let piece = try await body.next() else {
                    guard stream.isOver else {
                        throw upload.refuse(MultipartStream.Malformed(message: "the form broke off before its end"))
                    }
                    return nil
                }
                do {
                    pieces = try upload.taken(try stream.take(piece))
                } catch {
                    throw upload.refuse(error)
                }
            }
            return pieces.removeFirst()
        }
    }

    /// Keeps what is told of the file; gives its bytes.
    private func taken(_ events: [MultipartStream.Event]) throws -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        for event in events {
            switch event {
            case .field(let name, let value): head.withLock { $0.fields[name] = value }
            case .file(let name):
                try check(fields)
                head.withLock { $0.fileName = name }
            case .data(let data):
                head.withLock { $0.size += Int64(data.readableBytes) }
                pieces.append(data)
            case .end: break
            }
        }
        return pieces
    }

    private func refuse(_ error: any Error) -> any Error {
        head.withLock { $0.refusal = $0.refusal ?? error }
        return error
    }
}
