// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A `timestamptz`: microseconds since 1970 in UTC.
package struct PostgresTimestamp: PostgresScalar, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package var microseconds: Int64

    /// The server counts from 2000-01-01.
    private static let epoch: Int64 = 946_684_800_000_000

    /// Later than every other timestamp.
    package static let infinity = PostgresTimestamp(microseconds: .max)
    /// Earlier than every other timestamp.
    package static let negativeInfinity = PostgresTimestamp(microseconds: .min)

    /// Makes a timestamp out of microseconds since 1970.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The present by the wall clock.
    package static var now: PostgresTimestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return PostgresTimestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    package static var postgresType: PostgresType { .timestamptz }

    package func encode(into buffer: inout [UInt8]) {
        switch microseconds {
        case .max, .min: buffer.appendBigEndian(microseconds)
        default:
            // What lies before the server's first day is refused there, not wrapped around here.
            let (value, overflow) = microseconds.subtractingReportingOverflow(Self.epoch)
            buffer.appendBigEndian(overflow ? Int64.min + 1 : value)
        }
    }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> PostgresTimestamp {
        guard cell.type == PostgresType.timestamptz.oid else { throw .type(expected: "PostgresTimestamp") }
        let value = try cell.integer(Int64.self)
        switch value {
        case .max, .min: return PostgresTimestamp(microseconds: value)
        default:
            let (sum, overflow) = value.addingReportingOverflow(epoch)
            guard !overflow else { throw .malformed("a timestamp beyond what fits") }
            return PostgresTimestamp(microseconds: sum)
        }
    }
}

extension PostgresTimestamp: CustomStringConvertible {
    /// The timestamp as `2026-01-31T12:00:00.123456Z`.
    package var description: String {
        if self == .infinity { return "infinity" }
        if self == .negativeInfinity { return "-infinity" }
        let (days, within) = Self.floorDivide(microseconds, 86_400_000_000)
        let (year, month, day) = Self.civil(daysSince1970: days)
        let (seconds, fraction) = within.quotientAndRemainder(dividingBy: 1_000_000)
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(time).\(Self.padded(fraction, 6))Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// The Gregorian date of a day; years are counted from March so that the leap day comes last.
    private static func civil(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(daysSince1970 + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
