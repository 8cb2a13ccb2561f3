// SPDX-License-Identifier: Apache-2.0

/// Where somebody wanted to go before signing in: an address of the console, and of nothing else.
struct ReturnPath: Sendable {
    /// The path and query, without the public URL's own path.
    let text: String

    /// What was sent; the overview when that leads anywhere else.
    init(_ sent: String?) {
        text = sent.flatMap { Self.isOwn($0) ? $0 : nil } ?? "/" + Desk.folder
    }

    /// Within the console, and such that no browser reads it as another host or as the end of a header.
    private static func isOwn(_ path: String) -> Bool {
        let root = "/" + Desk.folder
        guard path.utf8.count <= 2_000, path.hasPrefix(root), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !path.contains("//"), !path.contains("\\"), !path.contains("/.")
        else { return false }
        let rest = path.dropFirst(root.count)
        let isBelow = rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?")
        return isBelow && !rest.hasPrefix("/sign_") && !rest.hasPrefix("/api")
    }
}
