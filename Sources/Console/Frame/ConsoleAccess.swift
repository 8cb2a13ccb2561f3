// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import WebSurface

/// Who may reach the console at all. Under plain http that is this machine only, for what passes by can be read and changed.
struct ConsoleAccess: Sendable {
    /// Whether the public URL is https.
    let isSecure: Bool

    /// Throws ``ConsoleRefusal`` for who may not.
    ///
    /// Under http the socket's peer and the client that trusted proxies name must both be this machine; a request that an
    /// unknown proxy passed on is not, whatever it says. The name asked for must be this machine's as well: a page elsewhere
    /// may let its own name lead here (DNS rebinding).
    func check(_ request: Request, _ context: WebContext) throws(ConsoleRefusal) {
        guard !isSecure else { return }
        let peer = context.web.peerAddress ?? ""
        let isPassedOn = Self.passedOn.contains { request.headers.contains($0) }
        guard Self.isLoopback(peer), Self.isLoopback(context.web.remoteAddress),
            !isPassedOn || context.web.isPeerTrusted
        else { throw .elsewhere }
        guard Self.isOwnName(request.head.authority ?? "") else { throw .otherName }
    }

    static func isLoopback(_ address: String) -> Bool { loopback.contains { $0.contains(address) } }

    /// Whether a name with its port is one that can only mean this machine.
    static func isOwnName(_ authority: String) -> Bool {
        var host = authority[...]
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.firstIndex(of: ":") {
            host = host[..<colon]
        }
        return host.lowercased() == "localhost" || isLoopback(String(host))
    }

    private static let loopback = [AddressBlock("127.0.0.0/8"), AddressBlock("::1")].compactMap(\.self)
    private static let passedOn = ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP"].compactMap {
        HTTPField.Name($0)
    }
}

/// Why the console does nothing.
enum ConsoleRefusal: String, RenderableError {
    /// Plain http, and not from this machine.
    case elsewhere = "console_elsewhere"
    /// Plain http, under a name that is not this machine's.
    case otherName = "console_other_name"
    /// The form is not one that we wrote for this browser.
    case staleForm = "stale_form"
    /// What was asked for needs a proof that is not older than ten minutes.
    case unconfirmed

    var code: String { rawValue }
    var status: HTTPResponse.Status { self == .otherName ? .misdirectedRequest : .forbidden }
    var body: ByteBuffer { ByteBuffer() }
    var headers: HTTPFields { [:] }
}
