// SPDX-License-Identifier: Apache-2.0
package import FoundationEssentials

/// What an access token says: whose it is and which row issued it.
package struct AccessTokenClaims: Sendable, Hashable {
    /// The kind of the owner, visible in the prefix of the token.
    package enum Owner: UInt8, Sendable, Hashable, CaseIterable {
        /// A Platform App: `mst_app_`.
        case platformApp = 1
        /// A user: `mst_usr_`.
        case user = 2
        /// An agent bot: `mst_bot_`.
        case agentBot = 3
        /// A super admin: `mst_adm_`.
        case superAdmin = 4

        /// The first eight characters of the token.
        package var prefix: StaticString {
            switch self {
            case .platformApp: "mst_app_"
            case .user: "mst_usr_"
            case .agentBot: "mst_bot_"
            case .superAdmin: "mst_adm_"
            }
        }
    }

    /// The kind of the owner.
    package var owner: Owner
    /// The id of the token's row.
    package var id: Int64
    /// The nonce in the token's row: a new one makes the former token void.
    package var nonce: UUID
    /// The number of the data key that signs.
    package var keyID: Int32

    /// Claims of these parts.
    package init(owner: Owner, id: Int64, nonce: UUID, keyID: Int32) {
        self.owner = owner
        self.id = id
        self.nonce = nonce
        self.keyID = keyID
    }
}
