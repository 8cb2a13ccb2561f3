// SPDX-License-Identifier: Apache-2.0
import Glibc
package import HTTPTypes
package import NIOCore

/// A block of addresses such as `10.0.0.0/8`, `2001:db8::/32` or a single address.
package struct AddressBlock: Sendable, Equatable {
    private let bytes: [UInt8]
    private let prefixLength: Int

    /// Reads a block; nil when the text is none. An IPv4 address is the IPv6 block `::ffff:a.b.c.d`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let bytes = Self.bytes(of: String(parts[0])) else { return nil }
        let offset = parts[0].contains(":") ? 0 : 96
        var length = 128
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...128 - offset).contains(given) else { return nil }
            length = given + offset
        }
        self.bytes = bytes
        prefixLength = length
    }

    /// Whether the address lies in the block.
    package func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(of: address) else { return false }
        let whole = prefixLength / 8
        guard bytes[..<whole] == other[..<whole] else { return false }
        guard prefixLength % 8 > 0 else { return true }
        let mask = ~UInt8(0) << (8 - prefixLength % 8)
        return bytes[whole] & mask == other[whole] & mask
    }

    /// As it is written: an IPv4 block in its own form, one address without a length.
    package var text: String {
        let isIPv4 = prefixLength >= 96 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        let shown = isIPv4 ? Array(bytes[12...]) : bytes
        var buffer = [CChar](repeating: 0, count: 64)
        inet_ntop(isIPv4 ? AF_INET : AF_INET6, shown, &buffer, 64)
        let address = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let length = isIPv4 ? prefixLength - 96 : prefixLength
        return length == shown.count * 8 ? address : "\(address)/\(length)"
    }

    /// The network that an address belongs to, as one provider's customer has it: 64 bits of IPv6, all of IPv4.
    var network: ArraySlice<UInt8> {
        bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF ? bytes[...] : bytes[..<8]
    }

    /// The 16 bytes of an address, IPv4 as its IPv6 mapping.
    private static func bytes(of address: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if address.contains(":") {
            return bytes.withUnsafeMutableBytes { inet_pton(AF_INET6, address, $0.baseAddress) } == 1 ? bytes : nil
        }
        bytes[10] = 0xFF
        bytes[11] = 0xFF
        let isIPv4 = bytes.withUnsafeMutableBytes { inet_pton(AF_INET, address, $0.baseAddress?.advanced(by: 12)) } == 1
        return isIPv4 ? bytes : nil
    }
}

/// The proxies whose word about the client is taken. Nobody by default: the client is the socket's peer.
package struct TrustedProxies: Sendable, Equatable {
    package let blocks: [AddressBlock]

    /// Trusts the proxies in these blocks.
    package init(_ blocks: [AddressBlock] = []) {
        self.blocks = blocks
    }

    /// The client's address.
    ///
    /// When the peer is trusted, `X-Forwarded-For` is read from the right: the first address that is not a trusted proxy
    /// is the client. What stands left of it may be forged, and what is no address ends the search.
    package func clientAddress(peer: SocketAddress?, headers: HTTPFields) -> String {
        guard let peerAddress = peer?.ipAddress else { return peer == nil ? "unknown" : "unix" }
        guard !blocks.isEmpty, trusts(peerAddress) else { return peerAddress }
        var client = peerAddress
        let forwarded = headers[values: .xForwardedFor].joined(separator: ",")
        for hop in forwarded.split(separator: ",").reversed() {
            let address = String(hop.trimmingBlanks())
            guard AddressBlock(address) != nil, !address.contains("/") else { break }
            client = address
            guard trusts(address) else { break }
        }
        return client
    }

    /// Whether the address is a trusted proxy's.
    func trusts(_ address: String) -> Bool { blocks.contains { $0.contains(address) } }
}

extension HTTPField.Name {
    fileprivate static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
}
