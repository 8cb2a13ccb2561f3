// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets
import Synchronization

/// How often the app behind a token may call, where an operator has set that.
package struct CallLimit: Sendable, Equatable {
    /// The app, whose tokens share the limit.
    package let appID: Int64
    package let perMinute: Int
}

/// The limits that operators set for apps, by token: kept in memory, so that a request is measured before the database is asked
/// for anything. As old as the interval at which ``TokenStore/refreshCallLimits()`` is called.
///
/// Thread safety: any thread may ask.
package final class CallLimits: Sendable {
    private let limits = Mutex<[Int64: CallLimit]>([:])

    /// The limit for whoever presents a token; nil where none was set, and for what is no token of ours.
    ///
    /// The signature is checked, so that nobody without the token uses up what its app may do.
    package func limit(of token: String, _ keyring: Keyring) -> CallLimit? {
        // Most installations set none, and then a token is not looked at here.
        if limits.withLock(\.isEmpty) { return nil }
        guard let claims = keyring.verify(token), claims.owner == .platformApp else { return nil }
        return limits.withLock { $0[claims.id] }
    }

    func set(_ found: [Int64: CallLimit]) { limits.withLock { $0 = found } }

    /// After a write of this process, so that it is the first to know; should this fail, the next refresh brings it.
    func refresh(from directory: Directory) async {
        try? await directory.tokens.refreshCallLimits()
    }
}

extension TokenStore {
    /// Reads anew which limits operators have set; until it succeeds the former ones hold.
    package func refreshCallLimits() async throws {
        let limits = try await directory.rows(PlatformAppStatements.callLimits()).map { row in
            (
                try row.decode(Int64.self, "token_id"),
                CallLimit(
                    appID: try row.decode(Int64.self, "app_id"), perMinute: Int(try row.decode(Int32.self, "calls_per_minute")))
            )
        }
        directory.callLimits.set(Dictionary(limits) { first, _ in first })
    }
}
