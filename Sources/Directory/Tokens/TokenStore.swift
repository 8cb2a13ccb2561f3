// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// Access tokens of every kind: when and from where they were used.
package struct TokenStore: Sendable {
    let directory: Directory

    /// Notes in memory that a token was used; see ``flush()``.
    package func note(_ caller: Caller, address: String) {
        guard let id = caller.tokenID else { return }
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        directory.tokenUses.note(id, .init(microseconds: now, address: address))
    }

    /// Writes down the uses noted since the last time, in one statement; a token that is dead meanwhile keeps its last use.
    ///
    /// - Returns: how many tokens were written.
    @discardableResult
    package func flush() async throws -> Int {
        let uses = directory.tokenUses.take()
        if uses.isEmpty { return 0 }
        // In one order, so that two replicas do not wait for each other.
        let ids = uses.keys.sorted()
        do {
            return try await directory.rows(
                """
                update access_tokens t set last_used_at = u.at, last_used_address = u.address
                from (
                    select n.id, to_timestamp(n.microseconds / 1e6) as at, n.address
                    from unnest(\(ids), \(ids.map { uses[$0]?.microseconds ?? 0 }), \(ids.map { uses[$0]?.address ?? "" }))
                        as n(id, microseconds, address)
                    order by n.id
                ) u
                where t.id = u.id and t.revoked_at is null and (t.last_used_at is null or t.last_used_at < u.at)
                  and (t.expires_at is null or t.expires_at > u.at)
                """
            ).affected
        } catch {
            directory.tokenUses.giveBack(uses)
            throw error
        }
    }
}
