// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import Hummingbird
package import NIOCore

/// A body that is the same for everybody as long as the process lives: caches keep it, and ask by its `ETag` whether it is good.
package struct StaticDocument: Sendable {
    package let body: ByteBuffer
    private let headers: HTTPFields
    private let tag: EntityTag

    /// - Parameter headers: beside those of every answer.
    package init(_ body: ByteBuffer, contentType: String, headers: HTTPFields = [:]) {
        self.body = body
        tag = EntityTag(version: 0, body: body)
        var headers = headers
        headers[.contentType] = contentType
        headers[.cacheControl] = "public, no-cache"
        headers[.eTag] = tag.text
        self.headers = headers
    }

    /// The document, or 304 to who has it already.
    package func response(to request: Request) -> Response {
        guard !request.knows(tag) else {
            var headers = headers
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
