// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets

/// A table of tokens; the template is `token_table`.
struct TokenTable: Sendable {
    let rows: [TokenRow]
    /// Whether the owners differ.
    let hasOwners: Bool
    let name: String

    init(_ tokens: [StoredToken], _ name: String, owners: Bool, _ visit: ConsoleVisit) {
        rows = tokens.map { TokenRow($0, visit) }
        hasOwners = owners
        self.name = name
    }
}

/// A token in a list.
struct TokenRow: Sendable {
    let href: String
    let visiblePart: String
    let owner: String
    let kind: String
    /// nil where the console has no page of it.
    let ownerHref: String?
    let scopes: String
    let state: Badge
    let created: Moment
    let expires: Moment?
    let lastUsed: Moment?
    let lastUsedAddress: String?

    init(_ token: StoredToken, _ visit: ConsoleVisit) {
        href = visit.href("access_tokens/\(token.id)")
        visiblePart = token.shortPart
        owner = token.owner.title
        kind = token.owner.kind.words
        ownerHref = token.owner.path.map { visit.href($0) }
        scopes = token.scopes?.joined(separator: ", ") ?? "everything"
        state = token.badge
        created = Moment(token.createdAt, now: visit.now)
        expires = token.expiresAt.map { Moment($0, now: visit.now) }
        lastUsed = token.lastUsedAt.map { Moment($0, now: visit.now) }
        lastUsedAddress = token.lastUsedAddress
    }
}

extension StoredToken {
    /// The kind and the row, without the zeros between: enough to tell tokens apart by eye.
    var shortPart: String { "\(visiblePart.prefix(8))…\(visiblePart.suffix(5))" }

    var badge: Badge {
        switch (state, owner.state) {
        case (.revoked, _): .bad("Revoked")
        case (.expired, _): .plain("Expired")
        case (.live, .active): replacedBy == nil ? .good("Live") : .warning("Replaced, ends soon")
        case (.live, .disabled): .warning("Refused: owner disabled")
        case (.live, .suspended): .warning("Refused: owner suspended")
        case (.live, .deleted): .warning("Refused: owner deleted")
        }
    }
}

extension StoredToken.Owner {
    var title: String { name ?? email ?? "\(kind.words) \(id)" }

    /// The owner's page below `/super_admin`; nil where there is none.
    var path: String? {
        guard state != .deleted else { return nil }
        return switch kind {
        case .platformApp: "platform_apps/\(id)"
        case .user: "users/\(id)"
        case .agentBot: "agent_bots/\(id)"
        case .superAdmin: nil
        }
    }
}

extension AccessTokenClaims.Owner {
    /// The kind for people.
    var words: String {
        switch self {
        case .platformApp: "Platform App"
        case .user: "User"
        case .agentBot: "Agent bot"
        case .superAdmin: "Super admin"
        }
    }
}
