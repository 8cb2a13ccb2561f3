// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// Something that waits for a person, with where it is done.
struct OverviewTask: Sendable {
    let badge: Badge
    let text: String
    let detail: String?
    let href: String?
    let link: String
}

/// What waits, the most urgent first. Pure.
struct OverviewTasks: Sendable {
    let visit: ConsoleVisit

    init(_ visit: ConsoleVisit) {
        self.visit = visit
    }

    func all(_ overview: Overview, held: [RunRecord], cards: [PolicyCard], latest: [String: RunRecord]) -> [OverviewTask] {
        plans(overview, held) + policies(cards) + lastRuns(latest) + webhooks(overview) + jobs(overview) + people(overview)
            + tokens(overview)
    }

    private func plans(_ overview: Overview, _ held: [RunRecord]) -> [OverviewTask] {
        var tasks = held.map { run in
            OverviewTask(
                badge: RunWords.badge(run),
                text: "A plan of the policy \(run.policy) waits: \(RunWords.changes(run) ?? "our memory only")",
                detail: RunWords.sentence(run.reason), href: visit.href("sync/runs/\(run.id)"), link: "Approve or reject")
        }
        let others = overview.waitingRuns - held.count
        if others > 0 {
            let isMany = overview.waitingRuns >= Overview.mostCounted
            tasks.append(
                OverviewTask(
                    badge: .warning("Held"), text: "\(isMany ? "\(others.grouped) or more" : others.grouped) more plans wait",
                    detail: nil,
                    href: visit.href("sync/runs", ["state": "held"]), link: "See them"))
        }
        return tasks
    }

    private func policies(_ cards: [PolicyCard]) -> [OverviewTask] {
        cards.filter { !$0.mistakes.isEmpty }.map { card in
            let file = RunWords.fileName(card.file) ?? card.file
            let first = card.mistakes.first.map { "Line \($0.line), column \($0.column): \($0.message)" }
            return OverviewTask(
                badge: .bad("Policy"), text: "\(file) has \(card.mistakes.count.counted("mistake"))",
                detail: RunWords.sentence(first),
                href: visit.href("sync"), link: "See the policies")
        }
    }

    private func lastRuns(_ latest: [String: RunRecord]) -> [OverviewTask] {
        latest.sorted { $0.key < $1.key }.compactMap { policy, run in
            let href = visit.href("sync/runs/\(run.id)")
            if ["refused", "failed", "stale"].contains(run.state) {
                return OverviewTask(
                    badge: RunWords.badge(run), text: "The last run of the policy \(policy) changed nothing",
                    detail: RunWords.sentence(run.reason), href: href, link: "See the run")
            }
            let counts = RunWords.counts(run)
            let (rejected, disputed) = (counts["rejected"] ?? 0, counts["disputed"] ?? 0)
            guard rejected + disputed > 0 else { return nil }
            let parts = [
                rejected > 0 ? rejected.counted("entry was left out", "entries were left out") : nil,
                disputed > 0 ? disputed.counted("person is disputed", "people are disputed") : nil,
            ].compactMap(\.self)
            return OverviewTask(
                badge: .warning("Findings"), text: "In the last run of the policy \(policy), \(parts.joined(separator: " and "))",
                detail: nil, href: href + "/findings", link: "See the findings")
        }
    }

    private func webhooks(_ overview: Overview) -> [OverviewTask] {
        overview.failingWebhooks.map { webhook in
            let text = { (count: Int) in count >= Overview.mostCounted ? "\(count) or more" : "\(count)" }
            let parts = [
                webhook.givenUp > 0 ? "\(text(webhook.givenUp)) given up" : nil,
                webhook.retrying > 0 ? "\(text(webhook.retrying)) tried again" : nil,
            ].compactMap(\.self)
            return OverviewTask(
                badge: .bad("Webhook"), text: "A webhook of \(webhook.platformAppName) fails: \(parts.joined(separator: ", "))",
                detail: WebhookRow.address(webhook.url), href: visit.href("settings/webhooks"), link: "See the webhooks")
        }
    }

    private func jobs(_ overview: Overview) -> [OverviewTask] {
        overview.stalledJobs.map { job in
            OverviewTask(
                badge: .warning("Stalled"),
                text: "The work “\(job.kind)” does not get anywhere, after \(job.attempts.counted("attempt"))",
                detail: job.error, href: nil, link: "")
        }
    }

    private func people(_ overview: Overview) -> [OverviewTask] {
        guard !overview.superAdminsWithoutTOTP.isEmpty else { return [] }
        let count = overview.superAdminsWithoutTOTP.count
        return [
            OverviewTask(
                badge: .warning("Sign-in"),
                text: count.counted("super admin signs in by password alone", "super admins sign in by password alone"),
                detail: overview.superAdminsWithoutTOTP.joined(separator: ", "), href: visit.href("super_admins"),
                link: "See the super admins")
        ]
    }

    private func tokens(_ overview: Overview) -> [OverviewTask] {
        overview.tokens.map { token in
            let owner = token.ownerKind == "platform_app" ? "of the Platform App \(token.ownerName)" : "of \(token.ownerName)"
            let text: String
            if token.isExpiring, let expires = token.expiresAt {
                text = "A token \(owner) expires \(Moment(expires, now: visit.now).words)"
            } else if let used = token.lastUsedAt {
                text = "A token \(owner) was last used \(Moment(used, now: visit.now).words)"
            } else {
                text = "A token \(owner) was never used since \(Moment(token.createdAt, now: visit.now).words)"
            }
            return OverviewTask(
                badge: token.isExpiring ? .warning("Token") : .plain("Token"), text: text, detail: nil,
                href: token.ownerKind == "platform_app"
                    ? visit.href("platform_apps/\(token.ownerID)") : visit.href("access_tokens"),
                link: "See it")
        }
    }
}
