// SPDX-License-Identifier: Apache-2.0

package import Directory
import Glibc
import Secrets

/// What failed sign-ins count against. Only failures count, so an office behind one address is not locked out by people who
/// know their passwords, and one of them who does not locks out nobody else.
package enum Throttle {
    /// Guessing one person's password from one place: 5 in 5 minutes.
    package static func pair(address: String, email: String) -> FailureLimit {
        FailureLimit(key: key("pair", network(of: address), email), most: 5, seconds: 300)
    }

    /// Guessing one person's password from many places: 10 in 15 minutes.
    package static func email(_ email: String) -> FailureLimit {
        FailureLimit(key: key("email", email), most: 10, seconds: 900)
    }

    /// Guessing many people's passwords, or login links, from one place: 100 in 5 minutes.
    package static func address(_ address: String) -> FailureLimit {
        FailureLimit(key: key("address", network(of: address)), most: 100, seconds: 300)
    }

    /// What one holder has: an IPv4 address, or the first 64 bits of an IPv6 address.
    static func network(of address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard address.contains(":"), bytes.withUnsafeMutableBytes({ inet_pton(AF_INET6, address, $0.baseAddress) }) == 1
        else { return address }
        let isMappedIPv4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMappedIPv4 ? bytes[12...].map(String.init).joined(separator: ".") : Hex.encode(bytes[..<8])
    }

    private static func key(_ parts: String...) -> [UInt8] {
        Digest.sha256(parts.map { "\($0.utf8.count):\($0)" }.joined())
    }
}
