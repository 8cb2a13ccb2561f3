// SPDX-License-Identifier: Apache-2.0

/// An entry of a source that nobody takes for a user without a person's word, with both sides.
package struct Dispute: Sendable {
    /// Where it stands.
    package enum State: String, Sendable, CaseIterable {
        /// It waits for a person.
        case open
        /// A person said whom the entry is; the policy's next run acts on it.
        case decided
        /// A person said to leave the entry alone.
        case ignored
        /// What a person said does not hold any more; it waits for a person again.
        case lapsed
    }

    /// What a person says of it.
    package enum Decision: String, Sendable, CaseIterable {
        /// The entry is this user, whom the policy's app may change already.
        case link
        /// The same, and the app is granted the right.
        case adopt
        /// The entry is left alone until somebody reconsiders that.
        case ignore
    }

    /// Whom the entry is taken for or left alone, by whom and when.
    package struct Verdict: Sendable {
        package let decision: Decision
        /// nil where the entry is left alone.
        package let userID: Int64?
        package let by: NamedActor
        package let at: Timestamp
        package let reason: String?
        /// Why it does not hold any more, a stable code; nil while it holds.
        package let lapsed: String?
        package let lapsedAt: Timestamp?
    }

    /// A user that the entry may be.
    package struct Candidate: Sendable, Decodable {
        /// A Platform App that may act on the user.
        package struct Owner: Sendable, Decodable {
            package let appID: Int64
            package let appName: String
            /// `created` or `granted`.
            package let origin: String
            private let bits: Int16

            package var rights: Rights { Rights(rawValue: bits) }

            private enum CodingKeys: String, CodingKey {
                case appID = "app_id", appName = "app", origin, bits = "rights"
            }
        }

        /// An entry of a source that is the user.
        package struct Link: Sendable, Decodable {
            package let source: String
            package let policy: String
            private let key: String

            /// The entry's immutable id, as people write it.
            package var externalID: String { ObjectLink.text(ofKey: Dispute.bytes(ofHex: key)) }
        }

        package let id: Int64
        package let name: String
        package let email: String
        /// Whether the policy's app may write the user and its e-mail, which linking takes.
        package let isPermissible: Bool
        /// Who may act on the user; empty for a Platform App that asks.
        package let owners: [Owner]
        /// What is linked to the user; for a Platform App only entries of its own sources.
        package let links: [Link]

        private enum CodingKeys: String, CodingKey {
            case id, name, email, isPermissible = "permissible", owners, links
        }
    }

    /// Another entry of the export that claims the same id or e-mail.
    package struct Rival: Sendable, Decodable {
        /// Its dn.
        package let entry: String?
        package let email: String?
        package let line: Int64?
    }

    package let id: Int64
    package let source: String
    package let policy: String
    package let platformAppID: Int64
    package let platformAppName: String
    package let state: State
    /// The code of the run's finding: `foreign_user`, `non_permissible`, `email_taken`, `duplicate_email`, `duplicate_id`,
    /// `decision_lapsed`.
    package let code: String
    /// The entry's immutable id.
    package let externalID: String
    /// Its dn; nil where it has none.
    package let entry: String?
    package let email: String?
    /// From 1, in the export.
    package let line: Int64?
    /// What the policy makes of the entry, without secrets: a JSON object.
    package let fields: JSONText
    package let candidates: [Candidate]
    /// Candidates whom the caller may not see.
    package let hiddenCandidates: Int
    package let rivals: [Rival]
    package let since: Timestamp
    /// When the last read saw it, and in which run.
    package let seenAt: Timestamp
    package let runID: Int64?
    /// nil where nobody decided, and for a Platform App that asks.
    package let verdict: Verdict?

    fileprivate static func bytes(ofHex text: String) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}

/// Which disputes are asked for; what is nil narrows nothing.
package struct DisputeFilter: Sendable, Equatable {
    package var source: String?
    package var policy: String?
    package var state: Dispute.State?
    /// A dn, an e-mail, an immutable id or the dispute's number, as it stands.
    package var entry: String?

    package init(source: String? = nil, policy: String? = nil, state: Dispute.State? = nil, entry: String? = nil) {
        self.source = source
        self.policy = policy
        self.state = state
        self.entry = entry
    }

    /// Whether anything asked for cannot be stored, and so cannot be found.
    var isUnstorable: Bool { [source, policy, entry].contains { $0?.utf8.contains(0) == true } }
}

/// What a person does about a dispute.
package enum DisputeResolution: Sendable, Equatable {
    /// The entry is this user, whom the policy's app may change already.
    case link(Int64)
    /// The same, and the app is granted read, write and impersonate, which the user's e-mail takes.
    case adopt(Int64)
    /// The entry is left alone.
    case ignore
    /// What was decided is taken back.
    case reconsider

    /// The action of the audit trail.
    var action: StaticString {
        switch self {
        case .link: "dispute.link"
        case .adopt: "dispute.adopt"
        case .ignore: "dispute.ignore"
        case .reconsider: "dispute.reconsider"
        }
    }
}
