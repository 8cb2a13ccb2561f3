// SPDX-License-Identifier: Apache-2.0

/// Why an object is as it is: each value with its owner, its author and its rule.
package struct Explanation: Sendable {
    package let kind: ObjectKind
    package let id: Int64
    /// The user's e-mail or the account's name.
    package let label: String
    package let deletedAt: Timestamp?
    package let fields: [ExplainedField]
    /// Of a user, by the accounts' names.
    package let memberships: [ExplainedMembership]
    package let suspensions: [ExplainedSuspension]
    /// What the newest read of each source that knows the object said of it.
    package let reads: [ExplainedRead]
}

/// Where a value comes from.
package struct Provenance: Sendable {
    /// Who set the value last.
    package enum Author: Sendable {
        /// A run; it applied the policy to the file, or undid another run.
        case run(Int64, policy: String?, file: String?, undoes: Int64?)
        /// A call, a console or a command, with the action of the audit trail.
        case actor(NamedActor, action: String)
    }

    /// nil where the journals do not reach back so far.
    package let author: Author?
    package let at: Timestamp?
    /// The policy that answers for the value, and its source; nil where none does.
    package let policy: String?
    package let source: String?
    /// The policy's rule that a run gave for the value last, such as `people.name`, or a group; nil when none ever did.
    package let rule: String?
    /// The run that gave it.
    package let ruleRun: Int64?
    /// The immutable id of the entry that it spoke of.
    package let externalID: String?
}

/// A field with its value.
package struct ExplainedField: Sendable {
    /// `email`, `name`, `custom_attributes.KEY` ...
    package let name: String
    package let value: JSONText
    /// Who took the field over from the policy, as JSON; nil where nobody did.
    package let takenBy: JSONText?
    package let provenance: Provenance

    /// Whose the field is: `person`, `policy` or `anybody`.
    package var owner: String { takenBy != nil ? "person" : provenance.policy != nil ? "policy" : "anybody" }
}

/// A membership with what gave it.
package struct ExplainedMembership: Sendable {
    package let accountID: Int64
    package let accountName: String
    package let role: String
    /// The key of the policy's account, where the account is a policy's.
    package let accountKey: String?
    package let provenance: Provenance
}

/// A suspension that stands.
package struct ExplainedSuspension: Sendable {
    package let standing: StandingSuspension
    /// The run that made it, where a source did.
    package let runID: Int64?
}

/// What the newest read of a source said of the object.
package struct ExplainedRead: Sendable {
    /// What the run does or did to it.
    package struct Change: Sendable {
        package let seq: Int
        package let action: String
        package let reason: String
        package let fields: JSONText
        package let memberships: JSONText
        package let suspends: Bool?
        /// Why it was not made.
        package let refusal: String?
    }

    /// A finding about the entry.
    package struct Finding: Sendable {
        package let code: String
        package let detail: String
        package let entry: String?
        package let line: Int64?
    }

    package let source: String
    package let policy: String
    package let externalID: String
    /// The newest run that read the source under the policy; nil when the journal has forgotten it.
    package let runID: Int64?
    package let state: String?
    package let file: String?
    package let at: Timestamp?
    package let change: Change?
    package let finding: Finding?

    /// What became of the entry in that run: `unchanged`, `changed`, `would_change`, `refused`, or the code of the finding.
    package var situation: String {
        if let finding { return finding.code }
        guard let change else { return "unchanged" }
        if change.refusal != nil { return "refused" }
        return ["planned", "held", "applying"].contains(state) ? "would_change" : "changed"
    }
}
