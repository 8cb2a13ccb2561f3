// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

extension AccessTokenClaims {
    /// What a row says of a token that was minted, or is shown again: `nonce`, `key_id` and the id.
    ///
    /// - Parameter id: the column of the token's id; nil in it is no token.
    init?(of owner: Owner, _ row: PostgresRow, id: String) throws {
        guard let tokenID = try row.decode(Int64?.self, id) else { return nil }
        self.init(
            owner: owner, id: tokenID, nonce: try row.decode(UUID.self, "nonce"), keyID: try row.decode(Int32.self, "key_id"))
    }
}
