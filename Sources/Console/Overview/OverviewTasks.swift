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

    func all(
        _ overview: Overview, held: [RunRecord], cards: [PolicyCard], latest: [String: RunRecord], troubles: [PolicyTrouble]
    ) -> [OverviewTask] {
        plans(overview, held) + self.troubles(overview, troubles) + disputes(overview) + policies(cards) + lastRuns(latest)
            + webhooks(overview) + jobs(overview) + people(overview)
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

    private func troubles(_ overview: Overview, _ troubles: [PolicyTrouble]) -> [OverviewTask] {
        let told = troubles.map { trouble in
            OverviewTask(
                badge: .bad("In trouble"),
                text: "The policy \(trouble.policy) came to nothing \(trouble.failures.grouped) times in a row"
                    + (trouble.isPutAside ? ", and is put aside" : ""),
                detail: RunWords.sentence(trouble.reason), href: visit.href("sync/quarantine"), link: "See the quarantine")
        }
        let others = overview.policiesInTrouble - told.count
        guard others > 0 else { return told }
        return told + [
            OverviewTask(
                badge: .bad("In trouble"), text: "\(more(others, overview.policiesInTrouble)) more policies are in trouble",
                detail: nil, href: visit.href("sync/quarantine"), link: "See the quarantine")
        ]
    }

    private func disputes(_ overview: Overview) -> [OverviewTask] {
        var tasks: [OverviewTask] = []
        if overview.openDisputes > 0 {
            let isOne = overview.openDisputes == 1
            tasks.append(
                OverviewTask(
                    badge: .warning("Disputes"),
                    text: "\(more(overview.openDisputes, overview.openDisputes)) \(isOne ? "entry waits" : "entries wait") "
                        + "for somebody to say whom they are",
                    detail: nil, href: visit.href("sync/disputes", ["state": "open"]), link: "Decide"))
        }
        if overview.quarantinedEntries > 0 {
            let isOne = overview.quarantinedEntries == 1
            tasks.append(
                OverviewTask(
                    badge: .plain("Quarantine"),
                    text: "\(more(overview.quarantinedEntries, overview.quarantinedEntries)) "
                        + "\(isOne ? "entry is" : "entries are") left alone for a while, since the change was refused",
                    detail: nil, href: visit.href("sync/quarantine"), link: "See the quarantine"))
        }
        return tasks
    }

    /// A number, of which more may be than were counted.
    private func more(_ shown: Int, _ counted: Int) -> String {
        counted >= Overview.mostCounted ? "\(shown.grouped) or more" : shown.grouped
    }

    private func policies(_ cards: [PolicyCard]) -> [OverviewTask] {
        cards.filter { !$0.mistakes.isEmpty }.map { card in
            let file = RunWords.fileName(card.file) ?? card.file
            let first = card.mistakes.first.map { "Line \($0.line), column \($0.column): \($0.message)" }
            return OverviewTask(
                badge: .bad("Policy"), text: "\(file) has \(card.mistakes.count.counted("mistake"))",
                detail: RunWords.sentence(first),
                href: card.name.map { SyncPages.address(of: $0, visit) } ?? SyncPages.address(of: file, visit),
                link: "See the file")
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
            // Who is disputed is a task of its own.
            guard let rejected = RunWords.counts(run)["rejected"], rejected > 0 else { return nil }
            return OverviewTask(
                badge: .warning("Findings"),
                text:
                    "In the last run of the policy \(policy), \(rejected.counted("entry was left out", "entries were left out"))",
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
