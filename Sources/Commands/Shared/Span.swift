// SPDX-License-Identifier: Apache-2.0

/// A span of time as a person writes it.
enum Span {
    /// Seconds in `90`, `90s`, `30m`, `1h` or `7d`.
    static func seconds(_ text: String) throws(Failure) -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard let count = Int64(digits), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), count <= 1_000_000_000 else {
            throw Failure(code: "bad_time", "\"\(text)\" is no time: write 90s, 30m, 1h or 7d", status: .usage)
        }
        return count * (unit ?? 1)
    }
}
