// SPDX-License-Identifier: Apache-2.0
import Directory
import Policy
import Sync

/// An explanation in words. Pure.
struct ExplanationText: Sendable {
    let explanation: Explanation
    let rules: [String: RulePlaces]
    let style: Style

    init(_ explanation: Explanation, _ rules: [String: RulePlaces], _ style: Style) {
        self.explanation = explanation
        self.rules = rules
        self.style = style
    }

    var lines: [String] {
        var lines = [
            style.bold("\(explanation.kind.rawValue) \(explanation.id)  \(Style.plain(explanation.label))")
                + (explanation.deletedAt.map { style.red("  deleted \(ObjectText.time($0))") } ?? "")
        ]
        for field in explanation.fields {
            lines.append("\(field.name)  \(Style.plain(field.value.text))")
            let owner =
                field.takenBy.map { "taken over by a person: \(Style.plain($0.text))" } ?? owned(by: field.provenance)
            lines += detail(
                field.provenance, owner: owner, account: explanation.kind == .account ? field.provenance.externalID : nil)
        }
        for membership in explanation.memberships {
            lines.append("member of account \(membership.accountID) \(Style.plain(membership.accountName)) as \(membership.role)")
            lines += detail(membership.provenance, owner: owned(by: membership.provenance), account: membership.accountKey)
        }
        lines += explanation.suspensions.map(line)
        return lines + explanation.reads.flatMap(self.lines)
    }

    private func owned(by provenance: Provenance) -> String {
        provenance.policy.map { "belongs to the policy \(Style.plain($0))" } ?? "belongs to no policy"
    }

    private func detail(_ provenance: Provenance, owner: String, account: String?) -> [String] {
        var parts = [owner]
        switch provenance.author {
        case .run(let run, let policy, let file, let undoes)?:
            let what = undoes.map { "undoing run \($0)" } ?? "\(policy ?? "a policy") from \(file ?? "an export")"
            parts.append("set by run \(run) (\(Style.plain(what))) at \(ObjectText.time(provenance.at))")
        case .actor(let actor, let action)?:
            parts.append(
                "set by \(actor.kind) \(Style.plain(actor.name ?? "")) (\(action)) at \(ObjectText.time(provenance.at))")
        case nil: parts.append("the journals do not tell who set it")
        }
        if let rule = provenance.rule {
            let place = provenance.policy.flatMap { rules[$0]?.place(of: rule, account: account) }.map { " at \($0)" } ?? ""
            let entry = provenance.externalID.map { ", entry \(Style.plain($0))" } ?? ""
            parts.append("rule \(Style.plain(rule))\(place)\(entry), said by run \(provenance.ruleRun.map(String.init) ?? "?")")
        }
        return parts.map { style.dim("    \($0)") }
    }

    private func line(_ suspension: ExplainedSuspension) -> String {
        let by = "\(suspension.standing.by.kind) \(suspension.standing.by.name ?? "")"
        let reason = suspension.standing.reason.isEmpty ? "" : ": \(suspension.standing.reason)"
        let run = suspension.runID.map { ", run \($0)" } ?? ""
        return style.red("suspended by \(Style.plain(by + reason))")
            + " since \(ObjectText.time(suspension.standing.since))\(run)"
    }

    private func lines(_ read: ExplainedRead) -> [String] {
        let head =
            "last read of \(Style.plain(read.source)) under \(Style.plain(read.policy)), entry \(Style.plain(read.externalID)): "
        guard let run = read.runID else { return [head + "the journal has forgotten it"] }
        let at = " (run \(run), \(read.state ?? "?"), \(Style.plain(read.file ?? "no file")), \(ObjectText.time(read.at)))"
        var lines = [head + style.bold(read.situation) + at]
        if let change = read.change {
            let refusal = change.refusal.map { "; refused: \($0)" } ?? ""
            lines.append(style.dim("    change \(change.seq): \(change.action), \(Style.plain(change.reason + refusal))"))
            let text = ChangeText.differences(change.fields.text)
            lines += text.map { style.dim("    \(Style.plain($0))") }
        }
        if let finding = read.finding {
            let place = finding.line.map { "line \($0), " } ?? ""
            lines.append(
                style.yellow("    \(place)\(Style.plain(finding.entry.map { "\($0): " } ?? ""))\(Style.plain(finding.detail))"))
        }
        return lines
    }
}
