// SPDX-License-Identifier: Apache-2.0

/// What a call wants a person to be: a user with its memberships, whether or not it exists yet.
package struct ProvisionItem: Sendable {
    /// The caller's own immutable id of the person; found by it the person may change their e-mail. Without it, by e-mail.
    package var externalID: String?
    package var email: String?
    /// Required of a new user; nil leaves it as it is.
    package var name: String?
    /// `.some(nil)` clears it, nil leaves it as it is.
    package var displayName: String??
    /// Merged at the top level; a null clears its key.
    package var customAttributes: JSONText?
    /// Memberships to be; nil leaves them as they are. One that was given under the same external id and is not here any more is
    /// ended, others are left alone.
    package var memberships: [ProvisionMembership]?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}
}

/// A membership that a call wants.
package struct ProvisionMembership: Sendable, Equatable {
    package let accountID: Int64
    /// nil: `agent` where it is new, unchanged where it is there.
    package let role: Role?

    package init(accountID: Int64, role: Role?) {
        self.accountID = accountID
        self.role = role
    }
}

/// What became of one item.
package enum ProvisionOutcome: Sendable, Equatable {
    case created(Int64)
    case updated(Int64)
    /// As it was asked for already: nothing was written.
    case unchanged(Int64)
    /// Refused by itself, with nothing of it written.
    case failed(DirectoryError)
    /// Sound, but not written because another item of an atomic call failed.
    case withdrawn

    /// The outcome without what belongs to it, as answers name and count it.
    package enum Kind: Sendable, CaseIterable {
        case created, updated, unchanged, failed, withdrawn

        package var name: StaticString {
            switch self {
            case .created: "created"
            case .updated: "updated"
            case .unchanged: "unchanged"
            case .failed: "failed"
            case .withdrawn: "withdrawn"
            }
        }
    }

    package var kind: Kind {
        switch self {
        case .created: .created
        case .updated: .updated
        case .unchanged: .unchanged
        case .failed: .failed
        case .withdrawn: .withdrawn
        }
    }

    /// The user, where there is one.
    package var userID: Int64? {
        switch self {
        case .created(let id), .updated(let id), .unchanged(let id): id
        case .failed, .withdrawn: nil
        }
    }

    /// Whether the item was refused.
    package var hasFailed: Bool { kind == .failed }
}

/// The rules of an item, checked before the database is asked.
enum ProvisionRules {
    /// Items in one call; one chunk of the change engine.
    static let maximumCount = ChunkPlan.chunkSize

    static func problems(_ item: ProvisionItem) -> [FieldProblem] {
        var draft = UserDraft()
        draft.email = item.email.map(UserRules.normalisedEmail)
        // Whether a name is needed depends on whether the user exists: the plan knows.
        draft.name = item.name ?? "-"
        draft.displayName = item.displayName ?? nil
        draft.customAttributes = item.customAttributes
        draft.problems = item.problems
        var problems = UserRules.problems(draft)
        if let id = item.externalID {
            if id.isEmpty { problems.append(FieldProblem("external_id", "External can't be blank")) }
            if id.utf8.count > 255 { problems.append(FieldProblem("external_id", "External is too long (maximum is 255 bytes)")) }
            problems += StorableText.problems("external_id", "External", id)
        }
        return problems
    }

    /// The link's key: tag 3, any text, and the bytes, as identifiers of exports are stored.
    static func key(_ externalID: String) -> [UInt8] { [3] + externalID.utf8 }
}
