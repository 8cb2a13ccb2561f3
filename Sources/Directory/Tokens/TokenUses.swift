// SPDX-License-Identifier: Apache-2.0

import Postgres
import Synchronization

/// When and from where tokens were used, kept in memory until it is written down: no request writes for it.
///
/// Thread safety: any thread may note. Holds one entry a token, so no more than there are tokens whose signature is right.
final class TokenUses: Sendable {
    struct Use: Sendable {
        var microseconds: Int64
        var address: String
    }

    private let uses = Mutex<[Int64: Use]>([:])

    func note(_ tokenID: Int64, _ use: Use) { uses.withLock { $0[tokenID] = use } }

    func take() -> [Int64: Use] {
        uses.withLock { uses in
            defer { uses = [:] }
            return uses
        }
    }

    /// What could not be written comes back; later uses win.
    func giveBack(_ taken: [Int64: Use]) {
        uses.withLock { uses in uses.merge(taken) { newer, _ in newer } }
    }
}
