// SPDX-License-Identifier: Apache-2.0

import Policy

/// What a guard looks at: how much a plan would do, and to how many.
struct PlanFigures: Sendable, Equatable {
    /// Live people of the policy that are not suspended, before the run.
    var peopleBefore = 0
    var usersSuspended = 0
    var accountsSuspended = 0
    var membershipsRemoved = 0
    var emailChanges = 0
    var administratorsGranted = 0
    /// People absent from the export, whom an unproven absence keeps out of the plan.
    var absentUnproven = 0
}

/// A limit that stops a plan before its first write.
package struct GuardVerdict: Sendable, Equatable {
    /// A stable code: `removals`, `email_changes`, `administrators`, `absence_unproven`.
    package let code: String
    /// The limit and by how much it is exceeded.
    package let message: String
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
        // Absence counts for the limit even where it is unproven: a cut file is reported as what it would have done.
        let removals = figures.usersSuspended + figures.accountsSuspended + figures.membershipsRemoved
        check(removals, limits.removals, of: figures.peopleBefore, "removals", "suspensions and removed memberships", &verdicts)
        check(
            figures.emailChanges, limits.emailChanges, of: figures.peopleBefore, "email_changes", "changes of e-mail", &verdicts)
        if figures.peopleBefore > 0 {
            check(
                figures.administratorsGranted, limits.administrators, of: figures.peopleBefore, "administrators",
                "grants of administrator", &verdicts)
        }
        return verdicts
    }

    private static func check(
        _ count: Int, _ limit: Guards.Limit, of total: Int, _ code: String, _ what: String, _ verdicts: inout [GuardVerdict]
    ) {
        guard limit.isExceeded(by: count, of: total) else { return }
        var allowed: [String] = []
        if let most = limit.count { allowed.append("\(most)") }
        if let percent = limit.percent { allowed.append("\(trimmed(percent)) %") }
        verdicts.append(
            GuardVerdict(
                code: code,
                message: "\(count) \(what) for \(total) people (\(share(count, total)) %); "
                    + "the policy allows \(allowed.joined(separator: " and "))"))
    }

    private static func share(_ count: Int, _ total: Int) -> String {
        total == 0 ? "100" : trimmed((Double(count) * 1_000 / Double(total)).rounded() / 10)
    }

    private static func trimmed(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }
}
