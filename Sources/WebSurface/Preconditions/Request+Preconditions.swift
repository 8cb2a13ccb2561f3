// SPDX-License-Identifier: Apache-2.0
package import Directory
import HTTPTypes
package import Hummingbird

extension Request {
    /// The versions that the call may change, by `If-Match`. Weak tags, and what is no tag of ours, match no version.
    package var versionMatch: VersionMatch {
        switch EntityTagList(.ifMatch, in: headers) {
        case nil, .any: .any
        case .tags(let tags): .oneOf(tags.compactMap { $0.isWeak ? nil : EntityTag.version(in: $0.tag) })
        }
    }

    /// Whether the caller has the body with this tag, by `If-None-Match`; asked of reads only.
    func knows(_ tag: EntityTag) -> Bool {
        guard method == .get, let list = EntityTagList(.ifNoneMatch, in: headers) else { return false }
        switch list {
        case .any: return true
        case .tags(let tags): return tags.contains { $0.tag == tag.text }
        }
    }
}

extension Response {
    /// An answer whose body shows one object: with its `ETag`, and 304 without a body to who has it already.
    ///
    /// - Parameter version: the object's `row_version`, which `If-Match` of a write is compared with.
    package static func entity(
        version: Int64, to request: Request, capacity: Int = 512, _ write: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(capacity: capacity)
        write(&writer)
        let tag = EntityTag(version: version, body: writer.buffer)
        if request.knows(tag) { return Response(status: .notModified, headers: [.eTag: tag.text]) }
        return Response(status: .ok, headers: [.eTag: tag.text], body: ResponseBody(byteBuffer: writer.buffer))
    }
}
