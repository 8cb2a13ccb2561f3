// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import NIOCore
package import WebSurface

/// What pages load beside themselves, part of the program and named with its version.
package struct PageAssets: Sendable {
    /// Changes with any of them.
    package let version: String
    private let files: [String: (bytes: [UInt8], type: String)]

    /// - Parameter files: by name; the type follows from its end.
    package init(_ files: [String: [UInt8]]) {
        version = Checksum.text(files.sorted { $0.key < $1.key }.flatMap { $0.value })
        self.files = Dictionary(
            uniqueKeysWithValues: files.map { name, bytes in
                (name, (bytes, name.hasSuffix(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8"))
            })
    }

    /// A file, kept for ever under our own version. Another version asked of us belongs to a daemon beside us, older or newer:
    /// what we have must not be kept under its name.
    package func response(_ name: String, version asked: some StringProtocol) throws(APIError) -> Response {
        guard let file = files[name] else { throw .notFound }
        return Response(
            status: .ok,
            headers: [
                .contentType: file.type, .cacheControl: asked == version ? "public, max-age=31536000, immutable" : "no-cache",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
}
