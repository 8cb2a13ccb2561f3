// SPDX-License-Identifier: Apache-2.0

/// The pairs of a URL-encoded form or query string as they were sent, in their order and not put together.
package enum FormPairs {
    /// Reads them; a pair that is not well-formed is left out.
    package static func read(_ bytes: some Collection<UInt8>) -> [(name: String, value: String)] {
        bytes.split(separator: UInt8(ascii: "&")).compactMap { pair in
            let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = text(pair[..<mark]), !name.isEmpty, let value = text(pair[mark...].dropFirst()) else { return nil }
            return (name, value)
        }
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String? {
        PercentEncoding.decode(bytes, plusIsBlank: true).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
