// SPDX-License-Identifier: Apache-2.0

/// How the runs of a policy go about their work: whom they never touch, how far they go, when they begin.
package struct OperationRules: Sendable, Hashable {
    /// How far a run goes (`enforcement:`).
    package enum Enforcement: String, Sendable, Hashable, CaseIterable {
        /// Nothing is applied: the plan is for reading.
        case report
        /// People, accounts and memberships are made, and nothing is changed or taken away.
        case addOnly = "add-only"
        /// Everything.
        case full
    }

    /// What waits when a guard holds changes (`held:`).
    package enum Held: String, Sendable, Hashable, CaseIterable {
        /// The whole plan.
        case all
        /// The changes that the guard is about; the rest proceeds.
        case changes
    }

    /// What becomes of what others changed in fields of the policy (`drift:`).
    package struct Drift: Sendable, Hashable {
        /// What is done about it (`action:`).
        package enum Action: String, Sendable, Hashable, CaseIterable {
            /// It is set back.
            case mend
            /// It is told.
            case report
        }

        /// How often the last read is looked at again (`every:`).
        package let every: Duration
        /// What is done about what is found.
        package let action: Action
    }

    /// What becomes of the plan by which a changed policy would first be used (`on_change:`).
    package enum OnChange: String, Sendable, Hashable, CaseIterable {
        /// It is held for a person.
        case hold
        /// It is applied like any other.
        case apply
    }

    /// Who is never changed by the policy (`protect:`).
    package var protected = ProtectedPeople()
    /// How far a run goes.
    package var enforcement = Enforcement.full
    /// What waits when a guard holds changes.
    package var held = Held.all
    /// When runs begin by themselves, beside new files (`schedule:`); nil is never.
    package var schedule: Schedule?
    /// The share of entries in percent that may fail before the policy itself is put aside (`quarantine: {share: …}`, default 50).
    package var quarantineShare: Double = 50
    /// Whether and how often the last read is compared again.
    package var drift: Drift?
    /// What becomes of the first plan of a changed policy where nobody asked for it.
    package var onChange = OnChange.hold

    /// What a policy that states nothing has.
    package init() {}
}

/// People whom a policy never changes.
package struct ProtectedPeople: Sendable, Hashable {
    /// By e-mail, trimmed and in lower case, in byte order.
    package var emails: [String] = []
    /// By immutable id in canonical bytes.
    package var externalKeys: [[UInt8]] = []
    /// By group, in the one spelling of names, in byte order.
    package var groups: [String] = []

    /// Nobody.
    package init() {}

    /// Whether nobody is protected.
    package var isEmpty: Bool { emails.isEmpty && externalKeys.isEmpty && groups.isEmpty }
}
