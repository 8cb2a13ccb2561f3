// SPDX-License-Identifier: Apache-2.0

/// A statement with its values.
///
/// `"select name from users where id = \(id)"` binds `id` as `$1`; `"\(unescaped: text)"` puts raw SQL in and is for constants
/// of ours only. The description shows the text and the number of values, never a value.
package struct PostgresQuery: Sendable {
    /// How a statement is run.
    package struct Options: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// Not kept in the statement cache: for statements that run once.
        package static let unprepared = Options(rawValue: 1)
        /// A single read that may share a round trip, and an implicit transaction, with reads of other callers.
        /// Honoured by `PostgresClient.query`; it may be run twice, so it must not write.
        package static let batchable = Options(rawValue: 2)
    }

    /// The text with `$1`, `$2` ... for the values.
    package var sql: String
    /// The values.
    package var bindings: PostgresBindings
    /// How to run it.
    package var options: Options = []
    /// How long it may run; the configuration's limit when nil.
    package var timeout: Duration?

    /// Makes a statement out of raw SQL; `$1` and so on refer to `bindings`.
    package init(unescaped sql: String, bindings: PostgresBindings = PostgresBindings()) {
        self.sql = sql
        self.bindings = bindings
    }

    /// The same statement, not kept in the statement cache.
    package func unprepared() -> PostgresQuery { with(.unprepared) }

    /// The same statement, which may share its round trip with other reads.
    package func batchable() -> PostgresQuery { with(.batchable) }

    /// The same statement with another time limit.
    package func timeout(_ duration: Duration) -> PostgresQuery {
        var copy = self
        copy.timeout = duration
        return copy
    }

    private func with(_ option: Options) -> PostgresQuery {
        var copy = self
        copy.options.insert(option)
        return copy
    }
}

extension PostgresQuery: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(unescaped: value)
    }

    package init(stringInterpolation: StringInterpolation) {
        self.init(unescaped: stringInterpolation.sql, bindings: stringInterpolation.bindings)
    }

    /// Collects the text and binds the values.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql: String
        fileprivate var bindings = PostgresBindings()

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql = ""
            sql.reserveCapacity(literalCapacity + interpolationCount * 3)
        }

        package mutating func appendLiteral(_ literal: String) { sql += literal }

        /// Binds a value.
        package mutating func appendInterpolation<T: PostgresEncodable>(_ value: T) {
            bindings.append(value)
            sql += "$"
            sql += String(bindings.count)
        }

        /// Binds a value, or NULL of its type.
        package mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) {
            bindings.append(value)
            sql += "$"
            sql += String(bindings.count)
        }

        /// Puts raw SQL into the text: constants of ours only, never data.
        package mutating func appendInterpolation(unescaped text: String) { sql += text }
    }
}

extension PostgresQuery: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        bindings.count == 0 ? sql : "\(sql) [\(bindings.count) values]"
    }

    package var debugDescription: String { description }

    /// Reflection would show the values.
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension PostgresBindings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[\(count) values]" }
    package var debugDescription: String { description }

    /// Reflection would show the values.
    package var customMirror: Mirror { Mirror(self, children: ["count": count]) }
}
