// SPDX-License-Identifier: Apache-2.0

package import Intake

/// Shows what a policy makes of an export, entry by entry, without a store: the sink for `muster policy test`.
///
/// Keeps nothing of an entry, so that the export may be of any size. Members that groups list are counted only: who they are is known
/// when the whole export is read, in a run.
package struct PolicyTrial: EntrySink {
    /// What became of one entry.
    package struct Line: Sendable {
        /// What it is.
        package enum Outcome: Sendable {
            case person(DesiredPerson)
            case group(DesiredGroup, members: Int)
            case ignored
            /// A stable code, and the reason in words.
            case rejected(code: String, message: String)
        }

        /// The file within the export, where it has several.
        package let file: String?
        /// Where the entry begins, from 1.
        package let line: Int
        /// The entry's name as the export has it.
        package let name: String?
        package let outcome: Outcome
        /// Of a person, the rule that decides in each account, by the account's key, as far as the entry itself says.
        package let deciding: [String: GroupRule]
    }

    /// How many became what.
    package struct Counts: Sendable, Hashable {
        package var people = 0
        package var groups = 0
        package var ignored = 0
        package var rejected = 0

        /// Nothing yet.
        package init() {}
    }

    /// How many became what so far.
    package private(set) var counts = Counts()
    private let policy: Policy
    private let show: (Line) throws -> Void
    private var names = NameCache()
    private var file: String?

    /// - Parameter show: takes each line as it comes.
    package init(_ policy: Policy, show: @escaping (Line) throws -> Void) {
        self.policy = policy
        self.show = show
    }

    package mutating func begin(file: String) { self.file = file }

    package mutating func entry(_ entry: borrowing Entry) throws {
        var deciding: [String: GroupRule] = [:]
        let outcome: Line.Outcome
        switch policy.map(entry, names: &names) {
        case .person(let person):
            counts.people += 1
            deciding = policy.decidingRules(forGroups: person.groups, discovered: person.discovered.rules)
            outcome = .person(person)
        case .group(let group):
            counts.groups += 1
            var members = 0
            policy.forEachMember(of: entry) { _ in members += 1 }
            outcome = .group(group, members: members)
        case .ignored:
            counts.ignored += 1
            outcome = .ignored
        case .rejected(let fault):
            counts.rejected += 1
            outcome = .rejected(code: fault.code, message: fault.message)
        }
        try show(Line(file: file, line: entry.position.line, name: entry.dn, outcome: outcome, deciding: deciding))
    }

    package mutating func rejected(_ rejection: Rejection) throws {
        counts.rejected += 1
        try show(
            Line(
                file: file, line: rejection.position.line, name: rejection.dn,
                outcome: .rejected(code: rejection.code, message: rejection.message), deciding: [:]))
    }

    /// Changes are shown by a run only: by themselves they say too little.
    package var takesChanges: Bool { false }
}
