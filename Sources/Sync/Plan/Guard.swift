// SPDX-License-Identifier: Apache-2.0

import Policy

/// What a guard looks at: how much a plan would do, and to how many.
struct PlanFigures: Sendable, Equatable {
    /// What a plan would do in one account.
    struct Account: Sendable, Equatable {
        let id: Int64
        let name: String
        /// Before the run.
        let members: Int
        let counts: [Guards.Kind: Int]
    }

    /// Live people of the policy that are not suspended, before the run.
    var peopleBefore = 0
    var counts: [Guards.Kind: Int] = [:]
    /// Administrators and members who lose that, in whatever way: more than none is worth a look at who is left.
    var administratorsLost = 0
    /// People absent from the export, whom an unproven absence keeps out of the plan.
    var absentUnproven = 0
    /// People who keep memberships or roles because the absence of what gave them is unproven.
    var membersUnproven = 0
    /// What is done in each account, where the policy limits that.
    var accounts: [Account] = []
}

/// A limit that stops changes before the first write.
package struct GuardVerdict: Sendable, Equatable {
    /// A stable code: a kind of `Guards.Kind`, `absence_unproven`, `undone`, `report`, `policy_changed`.
    package let code: String
    /// The limit and by how much it is exceeded.
    package let message: String
    /// Which changes it is about; nil where it is about the plan as a whole, or about changes that were not planned.
    var kind: Guards.Kind?
    /// The account, where it is about one.
    var account: Int64?
}

/// Decides which limits of a policy a plan exceeds. Pure.
enum Guard {
    static func verdicts(_ figures: PlanFigures, limits: Guards, unprovenBecause reason: String?) -> [GuardVerdict] {
        var verdicts: [GuardVerdict] = []
        if figures.absentUnproven > 0 {
            verdicts.append(
                GuardVerdict(
                    code: "absence_unproven",
                    message: "\(figures.absentUnproven) people are not in the export, but it does not prove that they are gone: "
                        + (reason ?? "it may be incomplete")))
        }
        if figures.membersUnproven > 0 {
            verdicts.append(
                GuardVerdict(
                    code: "absence_unproven",
                    message:
                        "\(figures.membersUnproven) people keep memberships or roles which no group gives them any more, since the "
                        + "export does not prove that its groups are whole: " + (reason ?? "it may be incomplete")))
        }
        let whole = limits.limits
        for kind in Guards.Kind.allCases {
            // Everything is granted and made by the first run.
            guard let limit = whole[kind], figures.peopleBefore > 0 || !kind.isOfFirstRun else { continue }
            guard let count = figures.counts[kind], limit.isExceeded(by: count, of: figures.peopleBefore) else { continue }
            verdicts.append(
                GuardVerdict(
                    code: kind.rawValue,
                    message: sentence(count, kind, limit, of: figures.peopleBefore, "people"), kind: kind))
        }
        for account in figures.accounts where account.members > 0 {
            for kind in Guards.Kind.ofAccounts {
                guard let limit = limits.perAccount[kind], let count = account.counts[kind],
                    limit.isExceeded(by: count, of: account.members)
                else { continue }
                let message = sentence(count, kind, limit, of: account.members, "members of “\(account.name)”")
                verdicts.append(GuardVerdict(code: kind.rawValue, message: message, kind: kind, account: account.id))
            }
        }
        return verdicts
    }

    private static func sentence(
        _ count: Int, _ kind: Guards.Kind, _ limit: Guards.Limit, of total: Int, _ whom: String
    ) -> String {
        var allowed: [String] = []
        if let most = limit.count { allowed.append("\(most)") }
        if let percent = limit.percent { allowed.append("\(trimmed(percent)) %") }
        return "\(count) \(kind.words) for \(total) \(whom) (\(share(count, total)) %); "
            + "the policy allows \(allowed.joined(separator: " and "))"
    }

    private static func share(_ count: Int, _ total: Int) -> String {
        total == 0 ? "100" : trimmed((Double(count) * 1_000 / Double(total)).rounded() / 10)
    }

    private static func trimmed(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }
}

extension Guards.Kind {
    /// What a first run does by its nature.
    fileprivate var isOfFirstRun: Bool { self == .administrators || self == .creations || self == .members }

    fileprivate var words: String {
        switch self {
        case .removals: "suspensions and removed memberships"
        case .suspensions: "suspensions"
        case .deletions: "deletions"
        case .creations: "new users"
        case .emailChanges: "changes of e-mail"
        case .administrators: "grants of administrator"
        case .members: "memberships given and taken"
        }
    }
}
