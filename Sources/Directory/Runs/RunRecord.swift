// SPDX-License-Identifier: Apache-2.0

/// A run as an operator sees it.
package struct RunRecord: Sendable {
    package let id: Int64
    /// The policy's name; `provision` for calls of the Platform API.
    package let policy: String
    package let source: String
    package let platformAppID: Int64
    package let platformAppName: String
    /// The values of `runs.state`.
    package let state: String
    /// A stable code of why it was refused, held or failed.
    package let code: String?
    /// The same as a sentence.
    package let reason: String?
    package let fileName: String?
    /// How often each thing occurred: a JSON object of numbers.
    package let counts: JSONText
    /// How many changes the plan has; nil until it is made.
    package let changeCount: Int?
    /// How many of them are dealt with.
    package let appliedCount: Int
    /// Who asked for it: `watch`, `command`, `api` ...
    package let actor: String
    package let createdAt: Timestamp
    package let plannedAt: Timestamp?
    package let finishedAt: Timestamp?
    /// When a person let it through.
    package let releasedAt: Timestamp?
    /// Who let it through or rejected it, by the name there is now; nil when nobody did.
    package let decidedBy: String?
    /// The run whose reverse this one is.
    package let undoes: Int64?
    /// The newest run that reverses this one.
    package let undoneBy: Int64?
    /// The run from whose plan a guard took these changes.
    package let partOf: Int64?

    /// Whether a person may release or reject it.
    package var waits: Bool { ["planned", "held"].contains(state) && releasedAt == nil }
    /// Whether it goes on by itself.
    package var isUnderWay: Bool { ["reading", "applying"].contains(state) || (releasedAt != nil && finishedAt == nil) }
}

/// Which runs an operator looks at.
package struct RunFilter: Sendable, Equatable {
    /// One policy; nil: all of them, without the calls of the Platform API.
    package var policy: String?
    /// One of ``states``.
    package var state: String?

    /// Every state there is.
    package static let states = RunStatements.states

    package init(policy: String? = nil, state: String? = nil) {
        self.policy = policy
        self.state = state
    }
}

/// Which changes of a run an operator looks at; what is nil narrows nothing.
package struct RunChangeFilter: Sendable, Equatable {
    /// What refusals are asked for.
    package enum Refusal: Sendable, Equatable {
        case any
        case code(String)
    }

    /// What decisions are asked for.
    package enum Decided: String, Sendable, CaseIterable {
        case approved, rejected
        /// Nobody said anything.
        case undecided = "none"

        var decision: RunDecision? { RunDecision(rawValue: rawValue) }
    }

    /// One of ``actions``; `link` is shown only when asked for.
    package var action: String?
    package static let actions = ["create", "update", "adopt", "suspend", "restore", "delete", "link"]
    /// `account` or `user`.
    package var kind: ObjectKind?
    /// The reason as it stands.
    package var reason: String?
    package var refusal: Refusal?
    /// What a person said of the change while the plan waited.
    package var decision: Decided?
    /// The account itself, and people whose role in it moves.
    package var account: Int64?
    /// Words of the name or the address, or an id.
    package var text: String?

    package init() {}
}

/// One change of a run, with the names of what it is about.
package struct RunChangeRecord: Sendable {
    package let seq: Int
    package let kind: String
    package let action: String
    package let objectID: Int64
    /// The user's address or the account's name, as the run has it or as it is now.
    package let label: String?
    /// The user's name.
    package let name: String?
    package let reason: String
    /// Whether the object is suspended or its suspension lifted with it.
    package let suspends: Bool?
    /// `{field: [before, after, rule]}`.
    package let fields: JSONText
    /// `{account_id: [role before, role after, rule]}`.
    package let memberships: JSONText
    /// `{account_id: name}` of those accounts.
    package let accountNames: JSONText
    /// Why the change was not made; nil when it was, or still may be.
    package let refusal: String?
    package let refusalDetail: String?
    /// What a person said of it while the plan waited; nil when nobody did.
    package let decision: Decision?

    /// A person's word on a change.
    package struct Decision: Sendable {
        package let decision: RunDecision
        package let by: NamedActor
        package let reason: String?
        package let at: Timestamp
    }
}

/// An account that a run is about.
package struct RunAccount: Sendable {
    package let id: Int64
    /// As it is, or as the run would make it.
    package let name: String?
    /// How many changes concern it.
    package let count: Int64
}

/// What a read or a match found that a person should know.
package struct RunFindingRecord: Sendable {
    package let number: Int64
    package let code: String
    package let entry: String?
    package let line: Int64?
    package let detail: String
}

/// How many changes of a run were refused for one reason, or how many findings of one kind it has.
package struct RunRefusalCount: Sendable, Equatable {
    package let code: String
    package let count: Int64
}
