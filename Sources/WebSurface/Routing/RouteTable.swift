// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird

/// Knows which verbs a path has. Hummingbird only knows whether one verb of one path has a handler.
struct RouteTable: Sendable {
    private let routes: [(path: RouterPath, methods: Set<HTTPRequest.Method>)]
    private let streams: [(path: RouterPath, limit: Int)]

    init(_ router: WebRouter) {
        var methods: [String: (RouterPath, Set<HTTPRequest.Method>)] = [:]
        for route in router.routes.routes {
            let path = route.path.description
            methods[path, default: (route.path, [])].1.insert(route.method)
            // Answered by GET's route, without the body.
            if route.method == .get, !router.effectful.contains(path) { methods[path]?.1.insert(.head) }
        }
        routes = methods.sorted { $0.key < $1.key }.map { $0.value }
        streams = router.streams.map { (RouterPath($0.key), $0.value) }
    }

    /// The value of `Allow` for a path, or nil when no verb is routed there.
    func allow(_ path: Substring) -> String? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        var allowed: Set<HTTPRequest.Method> = []
        for route in routes where Self.matches(route.path, segments) { allowed.formUnion(route.methods) }
        guard !allowed.isEmpty else { return nil }
        allowed.insert(.options)
        return allowed.map(\.rawValue).sorted().joined(separator: ", ")
    }

    /// Whether HEAD of the path is for its GET route to answer.
    func hasHead(_ path: Substring) -> Bool {
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        return routes.contains { $0.methods.contains(.head) && Self.matches($0.path, segments) }
    }

    /// How many bytes a request may have whose handler reads its body itself; nil where the body is collected before.
    func streamLimit(_ method: HTTPRequest.Method, _ path: Substring) -> Int? {
        guard method == .post, !streams.isEmpty else { return nil }
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        return streams.first { Self.matches($0.path, segments) }?.limit
    }

    /// The most that any handler reads by itself.
    var longestStream: Int { streams.map(\.limit).max() ?? 0 }

    /// Whether some route is itself written with `.json`, so that the suffix must not be cut off.
    func hasLiteral(_ path: Substring) -> Bool {
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        return routes.contains { route in
            route.path.components.last?.description.hasSuffix(".json") == true && Self.matches(route.path, segments)
        }
    }

    private static func matches(_ path: RouterPath, _ segments: [Substring]) -> Bool {
        for (position, element) in path.components.enumerated() {
            if element == .recursiveWildcard { return position < segments.count }
            guard position < segments.count, element ~= segments[position] else { return false }
        }
        return path.components.count == segments.count
    }
}
