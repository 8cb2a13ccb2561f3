// SPDX-License-Identifier: Apache-2.0

import Intake

/// Dates of all exports in one spelling: `2026-11-23`, or in UTC `2026-11-23T04:28:18Z`.
///
/// Understood are ISO 8601 (`T` or a blank, with or without offset: without is UTC), generalised time of LDAP (`20261123042818.0Z`),
/// FILETIME, seconds and milliseconds since 1970, `/Date(1745531629000)/`, and days of numbers whose order the policy states.
enum DateText {
    /// The one spelling; empty for a date that stands for never (1601, 9999, FILETIME 0), nil for what is no date.
    static func canonical(_ text: String, order: ValueType.DateOrder?) -> String? {
        var text = text[...]
        if text.hasPrefix("/Date("), text.hasSuffix(")/") { text = text.dropFirst(6).dropLast(2) }
        if text.utf8.count != 14, let number = Int64(text) {
            return fromNumber(number, digits: text.utf8.filter { $0 != UInt8(ascii: "-") }.count)
        }
        var scanner = Scanner(bytes: Array(text.utf8))
        if let order, let day = numbered(&scanner, order) { return day }
        scanner.index = 0
        return scanner.dateAndTime().flatMap { spelled($0) }
    }

    /// The count of digits says what a number is: 8 are a date as it is read (and so are 14, with the time).
    private static func fromNumber(_ number: Int64, digits: Int) -> String? {
        let never: Int64 = 11_644_473_600
        if number == 0 || number == Int64.max || number == -never * 1_000 { return "" }
        switch digits {
        case 8 where number > 0:
            let moment = Moment(year: Int(number / 10_000), month: Int(number / 100 % 100), day: Int(number % 100))
            return moment.isValid ? spelled(moment) : nil
        case 17...19 where number > 0: return spelled(Moment(seconds: number / 10_000_000 - never))
        case 11...13: return spelled(Moment(seconds: number / 1_000))
        case 5...10: return spelled(Moment(seconds: number))
        default: return nil
        }
    }

    private static func numbered(_ scanner: inout Scanner, _ order: ValueType.DateOrder) -> String? {
        guard let first = scanner.number(1...2), scanner.takeAny("/.-"), let second = scanner.number(1...2),
            scanner.takeAny("/.-"),
            let year = scanner.number(4...4), scanner.isAtEnd
        else { return nil }
        let moment = Moment(
            year: year, month: order == .dayFirst ? second : first, day: order == .dayFirst ? first : second)
        return moment.isValid ? spelled(moment) : nil
    }

    private static func spelled(_ moment: Moment) -> String? {
        guard moment.year > 1601, moment.year < 9999 else { return "" }
        return moment.description
    }

    /// A day, or a second in UTC.
    struct Moment {
        var year: Int
        var month: Int
        var day: Int
        /// Since the day began; nil is the day itself.
        var second: Int?

        init(year: Int, month: Int, day: Int, second: Int? = nil) {
            (self.year, self.month, self.day, self.second) = (year, month, day, second)
        }

        /// From seconds since 1970.
        init(seconds: Int64) {
            let days = Int((seconds >= 0 ? seconds : seconds - 86_399) / 86_400)
            let date = CivilDate(daysSince1970: days)
            self.init(year: date.year, month: date.month, day: date.day, second: Int(seconds - Int64(days) * 86_400))
        }

        /// Days since 1970.
        var days: Int {
            let year = month <= 2 ? self.year - 1 : self.year
            let era = (year >= 0 ? year : year - 399) / 400
            let ofEra = year - era * 400
            let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
            return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
        }

        var isValid: Bool {
            guard (1...9999).contains(year), (1...12).contains(month), day >= 1, (0..<86_400).contains(second ?? 0) else {
                return false
            }
            let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
            return day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        }

        var description: String {
            func padded(_ number: Int, _ width: Int) -> String {
                let text = String(number)
                return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
            }
            let date = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
            guard let second else { return date }
            return date + "T" + [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":") + "Z"
        }
    }

    /// Takes a date apart.
    private struct Scanner {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func number(_ digits: ClosedRange<Int>) -> Int? {
            var value = 0
            var count = 0
            while index < bytes.count, count < digits.upperBound, bytes[index] &- 0x30 < 10 {
                value = value * 10 + Int(bytes[index] - 0x30)
                index += 1
                count += 1
            }
            return count >= digits.lowerBound ? value : nil
        }

        mutating func takeAny(_ choices: String) -> Bool {
            guard index < bytes.count, choices.utf8.contains(bytes[index]) else { return false }
            index += 1
            return true
        }

        /// `2026-11-23`, `2026-11-23T04:28:18.5+01:00`, `20261123042818.0Z`.
        mutating func dateAndTime() -> Moment? {
            guard let year = number(4...4) else { return nil }
            let isExtended = takeAny("-")
            guard let month = number(2...2), takeAny("-") == isExtended, let day = number(2...2) else { return nil }
            var moment = Moment(year: year, month: month, day: day)
            if isAtEnd { return isExtended && moment.isValid ? moment : nil }
            if isExtended, !takeAny("T ") { return nil }
            guard let hour = number(2...2), hour < 24 else { return nil }
            _ = takeAny(":")
            let minute = number(2...2) ?? 0
            _ = takeAny(":")
            let second = number(2...2) ?? 0
            if takeAny(".,"), number(1...9) == nil { return nil }
            guard minute < 60, second <= 60, let offset = offset(), isAtEnd else { return nil }
            moment.second = hour * 3600 + minute * 60 + min(second, 59)
            guard moment.isValid else { return nil }
            return offset == 0 ? moment : Moment(seconds: Int64(moment.days * 86_400 + (moment.second ?? 0) - offset))
        }

        /// Seconds east of UTC.
        private mutating func offset() -> Int? {
            if isAtEnd || takeAny("Zz") { return 0 }
            let isWest = index < bytes.count && bytes[index] == UInt8(ascii: "-")
            guard takeAny("+-"), let hours = number(2...2), hours < 24 else { return nil }
            _ = takeAny(":")
            let minutes = number(2...2) ?? 0
            return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
    }
}
