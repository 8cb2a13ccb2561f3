// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// A time in words, with the exact one for whoever points at it; the template is `moment`.
struct Moment: Sendable {
    /// ISO 8601.
    let iso: String
    /// The whole time, for people.
    let exact: String
    /// How long ago, or in how long; a date when that is more than a month.
    let words: String

    /// - Parameters:
    ///   - time: what is told.
    ///   - now: microseconds since 1970, as ``ConsoleVisit/now`` has them.
    init(_ time: Timestamp, now: Int64) {
        self.init(microseconds: time.microseconds, now: now)
    }

    init(microseconds: Int64, now: Int64) {
        iso = WireTimestamp.text(microseconds: microseconds / 1_000_000 * 1_000_000)
        exact = "\(iso.prefix(10)) \(iso.dropFirst(11).prefix(8)) UTC"
        words = Self.words(seconds: (now - microseconds) / 1_000_000) ?? Self.date(iso)
    }

    /// The same words as `console.js` has.
    private static func words(seconds: Int64) -> String? {
        let distance = abs(seconds)
        guard distance >= 45 else { return seconds >= 0 ? "just now" : "in a moment" }
        let (count, unit): (Int64, String)
        switch distance {
        case ..<2_700: (count, unit) = (max(1, (distance + 30) / 60), "minute")
        case ..<79_200: (count, unit) = (max(1, (distance + 1_800) / 3_600), "hour")
        case ..<2_592_000: (count, unit) = (max(1, (distance + 43_200) / 86_400), "day")
        default: return nil
        }
        let text = "\(count) \(unit)\(count == 1 ? "" : "s")"
        return seconds >= 0 ? text + " ago" : "in " + text
    }

    private static func date(_ iso: String) -> String {
        let parts = iso.prefix(10).split(separator: "-")
        guard parts.count == 3, let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month) else {
            return String(iso.prefix(10))
        }
        return "\(day) \(months[month - 1]) \(parts[0])"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
