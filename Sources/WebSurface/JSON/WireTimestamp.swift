// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Dates as the API and the log show them: ISO 8601, UTC, milliseconds. No formatter, so that a list of rows costs little.
package enum WireTimestamp {
    /// Writes `2026-01-31T09:15:00.000Z`.
    ///
    /// - Parameter microseconds: since 1970.
    package static func write(microseconds: Int64, into buffer: inout ByteBuffer) {
        let (days, timeOfDay) = floorDivide(microseconds, by: 86_400_000_000)
        let (year, month, day) = civil(daysSince1970: days)
        let milliseconds = timeOfDay / 1000
        if (0...9999).contains(year) {
            pair(year / 100, into: &buffer)
            pair(year % 100, into: &buffer)
        } else {
            buffer.writeString(String(year))
        }
        for (separator, number) in [
            ("-", month), ("-", day), ("T", milliseconds / 3_600_000), (":", milliseconds / 60_000 % 60),
            (":", milliseconds / 1000 % 60),
        ] as [(StaticString, Int64)] {
            buffer.writeStaticString(separator)
            pair(number, into: &buffer)
        }
        let fraction = milliseconds % 1000
        buffer.writeStaticString(".")
        pair(fraction / 10, into: &buffer)
        buffer.writeInteger(digit(fraction % 10))
        buffer.writeStaticString("Z")
    }

    /// The same as a text.
    package static func text(microseconds: Int64) -> String {
        var buffer = ByteBuffer()
        write(microseconds: microseconds, into: &buffer)
        return String(buffer: buffer)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func digit(_ value: Int64) -> UInt8 { UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value) }

    private static func pair(_ value: Int64, into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(digit(value / 10), digit(value % 10))
    }

    /// The proleptic Gregorian date of a day, by counting eras of 400 years that begin on 1 March.
    private static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}
