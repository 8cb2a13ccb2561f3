// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import Hummingbird
import Logging
package import NIOCore

/// What every request context of a surface carries. A surface's own child context copies `web` from its parent.
package protocol WebRequestContext: RequestContext {
    var web: WebRequestState { get set }
}

/// The state that ``WebResponder`` prepares before a handler runs.
package struct WebRequestState: Sendable {
    /// The whole body, already held against the limit.
    package var body = ByteBuffer()
    /// The query string as sent, without `?`.
    package var query: Substring?
    /// The client's address: the socket's peer, or what a trusted proxy says.
    package var remoteAddress = "unknown"
    /// Whether the socket's peer is a proxy whose word is taken.
    package var isPeerTrusted = false
    /// The token that the request presents, unchecked; nil when it presents none.
    package var credential: PresentedCredential?
    /// The trace that the request belongs to, when its caller has one.
    package var trace: TraceContext?
    /// Goes out as `X-Request-Id` and into every log line; never taken from the client.
    package let requestID: String
    let peer: SocketAddress?

    /// The address at the other end of the socket itself, whatever proxies say; nil for what is no address.
    package var peerAddress: String? { peer?.ipAddress }
}

/// The context with which every request enters the router.
package struct WebContext: WebRequestContext {
    package var coreContext: CoreRequestContextStorage
    package var web: WebRequestState

    /// Made by the server for each request.
    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        let requestID = source.logger[metadataKey: "hb.request.id"]?.description ?? RequestID().description
        web = WebRequestState(requestID: requestID, peer: source.channel.remoteAddress)
    }
}

extension WebRequestContext {
    /// The parameters of the body and the query string; see ``RequestParameters``.
    package func requestParameters(_ request: Request) throws(APIError) -> RequestParameters {
        try RequestParameters(
            body: web.body, contentType: request.headers[.contentType],
            contentEncoding: request.headers[.contentEncoding], query: web.query)
    }

    /// An id from the path. What is no positive bigint cannot name an object: 404.
    package func pathID(_ name: String) throws(APIError) -> Int64 {
        guard let text = parameters.get(name), let id = Int64(text), id > 0, text.utf8.first != UInt8(ascii: "+") else {
            throw .notFound
        }
        return id
    }

    /// A text from the path, decoded; 404 when it is not UTF-8.
    package func pathText(_ name: String) throws(APIError) -> String {
        guard let text = parameters.get(name).flatMap({ RequestPath.decoded($0) }) else { throw .notFound }
        return text
    }
}
