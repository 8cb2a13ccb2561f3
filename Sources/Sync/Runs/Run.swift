// SPDX-License-Identifier: Apache-2.0

package import Directory
package import Postgres

/// Where a run stands: the values of `runs.state`.
package enum RunState: String, Sendable, CaseIterable {
    /// The export is being read, or its plan is being made.
    case reading
    /// The plan is stored and waits to be applied.
    case planned
    /// A guard holds the plan; a person releases or rejects it.
    case held
    /// The plan is being applied; a restart continues.
    case applying
    /// Everything that could be applied is, and was read back.
    case done
    /// There is nothing to change.
    case unchanged
    /// The export was refused; nothing changed.
    case refused
    /// Everything in the plan had become stale.
    case stale
    /// The run broke off; nothing half done is left behind.
    case failed
    /// A person rejected the plan.
    case rejected
}

/// One reconciliation: read, map, match, plan, guard, apply; with a journal.
package struct Run: Sendable {
    package let id: Int64
    package let policy: String
    package let source: String
    package let platformAppID: Int64
    package let state: RunState
    /// A stable code of why it was refused, held or failed.
    package let code: String?
    /// The same as a sentence.
    package let reason: String?
    package let fileName: String?
    package let counts: RunCounts
    package let createdAt: PostgresTimestamp
    package let finishedAt: PostgresTimestamp?
    /// The stored plan; nil until it is made.
    package let changes: ChangeSet?
    /// The run whose reverse this one is.
    package let undoes: Int64?
}

/// How often each thing occurred in a run.
package struct RunCounts: Sendable, Equatable {
    /// Values by name: `entries`, `people`, `groups`, `rejected`, `create`, `update`, `suspend`, `applied`, `refused.stale` ...
    package var values: [String: Int] = [:]

    package init() {}

    package subscript(_ name: String) -> Int {
        get { values[name, default: 0] }
        set { values[name] = newValue }
    }

    /// Changes of users and accounts; a refreshed link changes neither.
    package var objectChanges: Int {
        ["create", "update", "adopt", "suspend", "restore", "delete"].reduce(0) { $0 + self[$1] }
    }
}

/// One planned or applied change, as a person reads it.
package struct RunChange: Sendable {
    package let seq: Int
    package let kind: String
    package let action: String
    package let objectID: Int64
    /// The user's e-mail or the account's name.
    package let label: String?
    package let reason: String
    /// `{field: [before, after, rule]}`.
    package let fields: PostgresJSON
    /// `{account_id: [before, after, rule]}`.
    package let memberships: PostgresJSON
    /// true: the object is suspended with it; false: the source's own suspension is lifted.
    package let suspends: Bool?
    /// Why the change was not made; nil when it was, or is still planned.
    package let refusal: String?
    /// What a person said of it while the plan waited: `approved` or `rejected`.
    package let decision: String?
}

/// What a read or a match found that a person should know.
package struct RunFinding: Sendable {
    package let code: String
    package let entry: String?
    package let line: Int64?
    package let detail: String
    /// The entry's id as links keep it; nil where it has none that is known.
    let externalKey: [UInt8]?

    package init(code: String, entry: String?, line: Int64?, detail: String, externalKey: [UInt8]? = nil) {
        self.externalKey = externalKey
        self.code = code
        self.entry = entry
        self.line = line
        self.detail = detail
    }
}
