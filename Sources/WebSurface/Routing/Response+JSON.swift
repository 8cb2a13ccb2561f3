// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import Hummingbird

extension Response {
    /// 200 without a body, as the contract wants it for deletes.
    package static var empty: Response { Response(status: .ok) }

    /// An answer whose body `write` writes.
    package static func json<E: Error>(
        status: HTTPResponse.Status = .ok, capacity: Int = 512, _ write: (inout JSONWriter) throws(E) -> Void
    ) throws(E) -> Response {
        var writer = JSONWriter(capacity: capacity)
        try write(&writer)
        return Response(status: status, body: ResponseBody(byteBuffer: writer.buffer))
    }
}
