// SPDX-License-Identifier: Apache-2.0

extension PostgresError {
    /// Whether the server was away, starting, stopping or full: the same call may succeed later, and nothing is wrong with it.
    package var isAway: Bool {
        if let sqlState {
            // Connection exceptions, operator intervention, too many connections; a refused password or name is no outage.
            // A server that takes no writes has lost its role to another one, or is about to get it.
            return sqlState.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25006"].contains(sqlState)
        }
        return switch kind {
        case .connectionLost, .commitUnknown, .connectFailed, .unavailable, .poolTimeout: true
        default: false
        }
    }
}
