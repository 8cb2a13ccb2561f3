// SPDX-License-Identifier: Apache-2.0

/// When something begins by itself: by a calendar or after each interval, each time with a random delay.
package struct Schedule: Sendable, Hashable {
    /// By what the times are told.
    package enum Rhythm: Sendable, Hashable {
        /// At the minutes that a cron expression names, in UTC.
        case cron(CronExpression)
        /// Each so many seconds, counted from 1970.
        case every(seconds: Int64)
    }

    /// By what the times are told.
    package let rhythm: Rhythm
    /// A delay of at most so many seconds comes on top, so that installations do not all begin at once (`jitter:`).
    package let jitterSeconds: Int64

    package init(_ rhythm: Rhythm, jitterSeconds: Int64 = 0) {
        self.rhythm = rhythm
        self.jitterSeconds = jitterSeconds
    }

    /// The first moment after `now` at which to begin, both in Unix seconds; nil where there is none in the next 8 years.
    ///
    /// A delay may reach beyond the following time: whoever waits for a moment asks again only when it has come.
    package func next(after now: Int64, using random: inout some RandomNumberGenerator) -> Int64? {
        let time: Int64?
        switch rhythm {
        case .cron(let expression): time = expression.next(after: now)
        case .every(let seconds):
            let (quotient, remainder) = now.quotientAndRemainder(dividingBy: seconds)
            time = (remainder < 0 ? quotient : quotient + 1) * seconds
        }
        return time.map { $0 + (jitterSeconds > 0 ? Int64.random(in: 0...jitterSeconds, using: &random) : 0) }
    }
}

/// Five fields that name minutes: minute, hour, day of the month, month, day of the week (`30 3 * * 1-5`).
///
/// `*`, lists, ranges and steps (`*/15`), months and days by name (`jan`, `mon`); 0 and 7 are Sunday. Where day of the month and
/// day of the week both are restricted, either suffices, as in cron since Version 7.
package struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no expression.
    package struct Fault: Error, Sendable, Hashable {
        /// What is wrong, in words.
        package let message: String
    }

    /// As it was written, with single blanks.
    package let description: String
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    private let eitherDay: Bool

    /// Reads an expression.
    package init(_ text: String) throws(Fault) {
        let fields = text.split(whereSeparator: \.isWhitespace).map { String($0) }
        guard fields.count == 5 else {
            throw Fault(message: "it has \(fields.count) fields instead of minute, hour, day, month and day of the week")
        }
        description = fields.joined(separator: " ")
        minutes = try Self.set(fields[0], 0...59, "minute")
        hours = try Self.set(fields[1], 0...23, "hour")
        days = try Self.set(fields[2], 1...31, "day of the month")
        let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        months = try Self.set(fields[3], 1...12, "month", names: names)
        let week = try Self.set(fields[4], 0...7, "day of the week", names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
        weekdays = week & 0x7F | (week >> 7 & 1)
        eitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        guard next(after: 0) != nil else { throw Fault(message: "there is no such day") }
    }

    /// The values of one field as bits.
    private static func set(_ text: String, _ range: ClosedRange<Int>, _ what: String, names: [String] = []) throws(Fault)
        -> UInt64
    {
        var bits: UInt64 = 0
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "/", omittingEmptySubsequences: false)
            let step = parts.count == 2 ? Int(parts[1]) : parts.count == 1 ? 1 : nil
            guard let step, step > 0, let span = span(String(parts[0]), range, names, hasStep: parts.count == 2) else {
                throw Fault(message: "\"\(item)\" is no \(what) (\(range.lowerBound) to \(range.upperBound))")
            }
            for value in stride(from: span.lowerBound, through: span.upperBound, by: step) { bits |= 1 << UInt64(value) }
        }
        return bits
    }

    private static func span(_ text: String, _ range: ClosedRange<Int>, _ names: [String], hasStep: Bool) -> ClosedRange<Int>? {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end in
            Int(end) ?? names.firstIndex(of: end.lowercased()).map { $0 + (range.lowerBound == 1 ? 1 : 0) }
        }
        guard (1...2).contains(ends.count), let first = ends[0], range.contains(first) else { return nil }
        guard ends.count == 2 else { return first...(hasStep ? range.upperBound : first) }
        guard let last = ends[1], range.contains(last), first <= last else { return nil }
        return first...last
    }

    /// The first minute after `now` that is meant, both in Unix seconds; nil where there is none in the next 8 years.
    package func next(after now: Int64) -> Int64? {
        let (quotient, remainder) = now.quotientAndRemainder(dividingBy: 60)
        let minute = remainder < 0 ? quotient : quotient + 1
        let start = DateText.Moment(seconds: minute * 60)
        var day = start.days
        var second = start.second ?? 0
        for _ in 0..<(8 * 366) {
            if isMeant(day: day), let found = firstMinute(from: second / 60) { return Int64(day) * 86_400 + Int64(found) * 60 }
            day += 1
            second = 0
        }
        return nil
    }

    private func isMeant(day: Int) -> Bool {
        let date = DateText.Moment(seconds: Int64(day) * 86_400)
        guard months >> UInt64(date.month) & 1 == 1 else { return false }
        let isDay = days >> UInt64(date.day) & 1 == 1
        // The first of January 1970 was a Thursday.
        let isWeekday = weekdays >> UInt64(((day + 4) % 7 + 7) % 7) & 1 == 1
        return eitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    private func firstMinute(from start: Int) -> Int? {
        for hour in (start / 60)..<24 where hours >> UInt64(hour) & 1 == 1 {
            for minute in (hour == start / 60 ? start % 60 : 0)..<60 where minutes >> UInt64(minute) & 1 == 1 {
                return hour * 60 + minute
            }
        }
        return nil
    }
}
