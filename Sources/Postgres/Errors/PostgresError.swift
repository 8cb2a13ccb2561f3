// SPDX-License-Identifier: Apache-2.0

/// Everything that can go wrong between us and the database.
///
/// `description`, `debugDescription` and reflection never show bound or stored values, so an error may be logged as it is.
/// What the server wrote is in `detail` and `serverMessage`; both may quote data and are for code, not for logs.
package struct PostgresError: Error, Sendable {
    /// What kind of failure this is; the raw value is the stable code.
    package enum Kind: String, Sendable, CaseIterable {
        /// The server refused the statement; see `sqlState`.
        case server = "postgres.server"
        /// The session ended while the statement may have been running.
        case connectionLost = "postgres.connection_lost"
        /// The session ended around COMMIT: whether the transaction is in effect is unknown.
        case commitUnknown = "postgres.commit_unknown"
        /// No session could be opened.
        case connectFailed = "postgres.connect_failed"
        /// The deadline of the statement passed; the server was told to stop.
        case timeout = "postgres.timeout"
        /// The calling task was cancelled; the server was told to stop.
        case cancelled = "postgres.cancelled"
        /// No connection became free before the deadline.
        case poolTimeout = "postgres.pool_timeout"
        /// The server is away and no connection could be opened before the deadline.
        case unavailable = "postgres.unavailable"
        /// The pool is closing.
        case poolClosed = "postgres.pool_closed"
        /// A connection was used after its closure had returned.
        case leaseEnded = "postgres.lease_ended"
        /// A value could not be read as the type asked for.
        case decoding = "postgres.decoding"
        /// The configuration or the database URL makes no sense.
        case configuration = "postgres.configuration"
        /// The client was used in a way libpq does not allow.
        case usage = "postgres.usage"
    }

    /// What kind of failure this is.
    package let kind: Kind
    /// What happened, in words that hold no value of a statement.
    package let message: String
    /// The five characters of the server's SQLSTATE.
    package var sqlState: String?
    /// The constraint that was violated.
    package var constraint: String?
    /// The table the server spoke of.
    package var table: String?
    /// The column the server spoke of, or the one that could not be decoded.
    package var column: String?
    /// The server's detail; may quote stored or bound values.
    package var detail: String?
    /// The server's message as it came; may quote stored or bound values.
    package var serverMessage: String?
    /// The function of the server that raised the error, which tells a stale plan from other refusals.
    package var serverRoutine: String?
    /// Whether the statement certainly never reached the server.
    package var neverSent = false
    /// The error that led to this one.
    package var underlying: (any Error)?

    /// The stable code of the failure.
    package var code: String { kind.rawValue }

    /// Makes an error of the client itself.
    package init(_ kind: Kind, _ message: String, underlying: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.underlying = underlying
    }

    /// Whether running the same transaction again may succeed: serialisation failure or deadlock.
    package var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// Whether the statement was stopped by its deadline or by cancellation.
    package var isInterruption: Bool { kind == .timeout || kind == .cancelled }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        var text = "\(code): \(message)"
        if let sqlState { text += " [\(sqlState)]" }
        if let constraint { text += " constraint \(constraint)" }
        if let table { text += " table \(table)" }
        if let column { text += " column \(column)" }
        if let underlying = underlying as? PostgresError { text += " (\(underlying))" }
        return text
    }

    package var debugDescription: String { description }

    /// Reflection would show `detail`, so a mirror has the description only.
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension PostgresError {
    /// Whether the server's primary message of this class may quote data: data exceptions and raised errors do.
    static func quotesData(sqlState: String?) -> Bool {
        guard let sqlState else { return true }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("P0") || sqlState.hasPrefix("38")
    }
}
