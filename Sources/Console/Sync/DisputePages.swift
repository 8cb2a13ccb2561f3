// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// Entries that nobody takes for a user without a person's word: both sides beside each other, and that word.
struct DisputePages: Sendable {
    let directory: Directory

    func addRoutes(to frame: Frame) {
        frame.page("sync/disputes", in: .sync, list)
        frame.page("sync/disputes/:id", in: .sync, show)
        frame.act("sync/disputes/:id/link", in: .sync, link)
        // It gives an app rights on somebody, so that who does it proves to be there.
        frame.act("sync/disputes/:id/adopt", in: .sync, confirmed: true, adopt)
        frame.act("sync/disputes/:id/ignore", in: .sync, ignore)
        frame.act("sync/disputes/:id/reconsider", in: .sync, reconsider)
    }

    private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let state = visit.choice("state", Dispute.State.self)
        let filter = DisputeFilter(policy: visit.text("policy"), state: state, entry: visit.text("q"))
        let list = ListVisit(visit, "disputes|\(filter)")
        let found = try await directory.disputes.list(filter, list.page, by: visit.caller)
        var table = DataTable("Disputes", ["Entry", "What", "Policy", "State", "Since"])
        for dispute in found.items {
            table.append([
                .link(
                    dispute.email ?? dispute.entry ?? dispute.externalID, visit.href("sync/disputes/\(dispute.id)"),
                    faint: dispute.email == nil ? nil : dispute.entry),
                .text(DisputeWords.what[dispute.code] ?? FindingWords.kind(dispute.code)), .text(dispute.policy),
                .badges([DisputeWords.badge(dispute.state)]), .moment(visit.moment(dispute.since)),
            ])
        }
        let known = try await directory.runs.policies(by: visit.caller)
        let bar = FilterBar(
            visit, search: "Entry", hint: "dn, e-mail or id, whole",
            choices: [
                .choice("policy", "Policy", filter.policy, [("", "All policies")] + known.map { ($0, $0) }),
                .choice(
                    "state", "State", state?.rawValue,
                    [("", "Any state")] + Dispute.State.allCases.map { ($0.rawValue, DisputeWords.badge($0).text) }),
            ])
        let empty = EmptyState("Nobody is disputed", "Every entry of every source is a user’s or nobody’s, without any doubt.")
        var page = ConsolePage(
            "Disputes", "object_list", ObjectList(bar, table, Pager(list, next: found.next), empty: empty, kind: "disputes"))
        page.tabs = SyncPages.tabs(visit, "sync/disputes")
        return .page(page)
    }

    private func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { .page(try await page(visit, [])) }

    private func page(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let dispute = try await directory.disputes.show(try visit.pathID(), by: visit.caller)
        let title = dispute.email ?? dispute.entry ?? dispute.externalID
        var page = ConsolePage(title, "sync_dispute", DisputePage(dispute, visit, problems))
        page.badges = [DisputeWords.badge(dispute.state)]
        page.subtitle = "Dispute \(dispute.id), policy \(dispute.policy)"
        page.above = PageLink("Disputes", visit.href("sync/disputes"))
        page.notice = problems.notice(besides: ["reason"])
        return page
    }

    // MARK: - Deciding

    private func link(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await resolve(visit, .link(visit.integer("user_id") ?? 0))
    }

    private func adopt(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await resolve(visit, .adopt(visit.integer("user_id") ?? 0))
    }

    private func ignore(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { try await resolve(visit, .ignore) }

    private func reconsider(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { try await resolve(visit, .reconsider) }

    private func resolve(_ visit: ConsoleVisit, _ resolution: DisputeResolution) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            try await directory.disputes.resolve(id, resolution, reason: visit.text("reason"), by: visit.caller)
            return .to("sync/disputes/\(id)", .settled)
        } otherwise: {
            try await page(visit, $0)
        }
    }
}

/// What is said of disputes.
enum DisputeWords {
    static func badge(_ state: Dispute.State) -> Badge {
        switch state {
        case .open: .warning("Waits for you")
        case .decided: .good("Decided")
        case .ignored: .plain("Left alone")
        case .lapsed: .bad("Decision lapsed")
        }
    }

    /// What is in dispute, in a few words.
    static let what: [String: String] = [
        "foreign_user": "The user is not the policy’s app’s", "non_permissible": "The app lost the right to the user",
        "email_taken": "Another user has the e-mail", "duplicate_email": "Two entries have the e-mail",
        "duplicate_id": "Two entries have the id", "decision_lapsed": "What was decided does not hold any more",
    ]

    /// What is to be done about it.
    static func advice(_ dispute: Dispute) -> String {
        switch dispute.code {
        case "foreign_user":
            "A user with this e-mail exists, and the Platform App \(dispute.platformAppName) may not change it. Say whether they are "
                + "the same person; nobody guesses that, since whoever writes an address into the directory would get that user."
        case "non_permissible":
            "The entry is linked to this user, and the Platform App \(dispute.platformAppName) may not change it any more. Grant it "
                + "again, or leave the entry alone."
        case "email_taken":
            "The entry’s e-mail belongs to another user by now. Say that they are the same person, or change the address of one "
                + "of them, at the source or here."
        case "duplicate_email":
            "Several entries of the export have the same e-mail, so that nobody knows whose it is. Set that right at the source, "
                + "or say whose user this entry is."
        case "duplicate_id":
            "Two entries of the export have the same immutable id with different content. Only the source can set that right."
        default: "A person is to say whom this entry is."
        }
    }
}
