// SPDX-License-Identifier: Apache-2.0

/// A span of time as a person writes it, in the console and on the command line.
package enum TimeSpan {
    /// What can be written, for whoever wrote something else.
    package static let examples = "90s, 30m, 1h or 7d"

    /// Seconds in `90`, `90s`, `30m`, `1h` or `7d`; nil for anything else, and for more than 10⁹ of a unit.
    package static func seconds(_ text: some StringProtocol) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int64(digits), count <= 1_000_000_000
        else { return nil }
        return count * (unit ?? 1)
    }
}
