// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOPosix
package import WebSurface

/// Which addresses a webhook may be sent to: the public internet, and networks that the operator allows.
///
/// Whoever may create a webhook could otherwise have the daemon call what only the daemon can reach: itself, its neighbours,
/// the metadata service of a cloud.
package struct AddressPolicy: Sendable {
    private let allowed: [AddressBlock]

    /// - Parameter allowed: networks that may be called though they are not public, by plain `http` too.
    package init(allowed: [AddressBlock] = []) {
        self.allowed = allowed
    }

    /// Whether the operator allows the address by name.
    func isTrusted(_ address: String) -> Bool { allowed.contains { $0.contains(address) } }

    /// Whether the address may be called.
    func permits(_ address: String) -> Bool {
        if isTrusted(address) { return true }
        guard let mapped = AddressBlock("::ffff:0:0/96"), let unicast = AddressBlock("2000::/3") else { return false }
        // IPv4 in either spelling; of IPv6 nothing but global unicast, which link-local, unique local, multicast, NAT64 are not.
        if mapped.contains(address) { return !Self.special.contains { $0.contains(address) } }
        return unicast.contains(address) && !Self.special.contains { $0.contains(address) }
    }

    /// What is not one host of the public internet: the special-purpose registries of IANA (RFC 6890), multicast, tunnels that
    /// lead to an IPv4 address, and a metadata service that has a public address.
    private static let special: [AddressBlock] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "168.63.129.16", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].compactMap { AddressBlock($0) }
}

/// Why a destination was not called.
struct DestinationError: Error, Equatable, CustomStringConvertible {
    /// A stable word for the delivery's log.
    let code: String

    var description: String { "\(code): \(sentence)" }

    private var sentence: String {
        switch self {
        case .badURL: "the address of the webhook cannot be read"
        case .unresolved: "the host has no address"
        case .forbidden: "the host's address is not public; MUSTER_WEBHOOK_NETWORKS permits networks that are not"
        case .insecure: "only https addresses are called"
        default: "it cannot be called"
        }
    }

    static let badURL = DestinationError(code: "bad_url")
    static let unresolved = DestinationError(code: "host_not_found")
    static let forbidden = DestinationError(code: "address_forbidden")
    static let insecure = DestinationError(code: "https_required")
}

/// Names to addresses.
package struct Resolver: Sendable {
    /// The addresses of a host, the preferred one first; a host that is an address is its own.
    let resolve: @Sendable (_ host: String) async throws -> [String]

    package init(_ resolve: @escaping @Sendable (_ host: String) async throws -> [String]) {
        self.resolve = resolve
    }

    /// What the system knows; it blocks, so it is asked on threads of its own.
    package static func system(_ threads: NIOThreadPool) -> Resolver {
        Resolver { host in try await threads.runIfActive { lookUp(host) } }
    }

    private static func lookUp(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_flags = AI_ADDRCONFIG
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { entry in
            guard let entry else { return nil }
            var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let result = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
            // A zone says through which interface a link-local address is reached; such addresses are refused anyway.
            return result == 0 ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
        }
    }
}
