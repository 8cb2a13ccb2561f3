// SPDX-License-Identifier: Apache-2.0

import Directory

/// Agent bots: the members that are no people.
struct AgentBotPages: Sendable {
    let directory: Directory

    func addRoutes(to frame: Frame) {
        frame.page("agent_bots", in: .agentBots, list)
        frame.page("agent_bots/new", in: .agentBots) { visit in .page(newForm(visit, [])) }
        frame.act("agent_bots", in: .agentBots, create)
        frame.page("agent_bots/:id", in: .agentBots) { visit in .page(try await show(visit)) }
        frame.page("agent_bots/:id/history", in: .agentBots) { visit in .page(try await history(visit)) }
        frame.page("agent_bots/:id/edit", in: .agentBots) { visit in .page(try await editForm(visit, [])) }
        frame.act("agent_bots/:id", in: .agentBots, update)
        frame.act("agent_bots/:id/delete", in: .agentBots, confirmed: true) { visit in
            try await directory.agentBots.delete(try visit.pathID(), matching: visit.matching, by: visit.caller)
            return .to("agent_bots", .deleted)
        }
    }

    // MARK: - List

    private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let filters = ["q", "account", "app"].map { visit.text($0) ?? "" }
        let list = ListVisit(visit, "agent_bots/" + filters.joined(separator: "\u{1F}"))
        var query = AgentBotListQuery(page: list.page)
        (query.text, query.accountID, query.platformAppID) = (visit.text("q"), visit.filterID("account"), visit.filterID("app"))
        var (found, problems): (Page<AgentBotListItem>, [FieldProblem]) = (Page(items: []), [])
        do { found = try await directory.agentBots.list(query, by: visit.caller) } catch DirectoryError.invalid(let wrong) {
            problems = wrong
        }
        var table = DataTable("Agent bots", ["Name", "Account", "Belongs to", "Created"])
        for bot in found.items {
            var account = DataTable.Cell.text(nil, none: "the installation")
            if let id = bot.accountID { account = .link(bot.accountName, visit.href("accounts/\(id)")) }
            table.append([
                .link(bot.name, visit.href("agent_bots/\(bot.id)"), faint: bot.description?.cut(to: 120)), account,
                .text(UserPages.owners(bot.firstOwner, bot.owners), none: "no app"), .moment(visit.moment(bot.createdAt)),
            ])
        }
        let bar = FilterBar(
            visit, search: "Search agent bots", hint: "Name",
            choices: [.filter("account", "Account id", visit), .filter("app", "Platform App id", visit)])
        let empty = EmptyState(
            "No agent bots yet", "A bot answers in the place of an agent, through its own access token.",
            PageLink("New agent bot", visit.href("agent_bots/new")))
        let content = ObjectList(bar, table, Pager(list, next: found.next, newestFirst: true), empty: empty, kind: "agent bots")
        var page = ConsolePage("Agent bots", "object_list", content)
        page.actions = [PageLink("New agent bot", visit.href("agent_bots/new"))]
        page.notice = problems.notice(besides: [])
        return .page(page)
    }

    // MARK: - One

    private func page(_ bot: AgentBot, _ current: String, _ visit: ConsoleVisit, _ content: ObjectPage) -> ConsolePage {
        let root = "agent_bots/\(bot.id)"
        var page = ConsolePage((bot.name ?? "").shownName, "object_page", content)
        page.above = PageLink("Agent bots", visit.href("agent_bots"))
        page.actions = [PageLink("Edit", visit.href("\(root)/edit"))]
        page.tabs = [("", "Overview"), ("history", "History")].map {
            PageLink($1, visit.href($0.isEmpty ? root : "\(root)/\($0)"), isCurrent: $0 == current)
        }
        return page
    }

    private func show(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let bot = try await directory.agentBots.show(try visit.pathID(), by: visit.caller)
        let owners = try await ObjectSections.owners(of: .agentBot, bot.id, visit, directory)
        let name = (bot.name ?? "").shownName
        var account: [PageLink] = []
        if let id = bot.accountID {
            let shown = try await directory.accounts.show(id, by: visit.caller)
            account = [PageLink(shown.name.shownName, visit.href("accounts/\(id)"))]
        }
        var content = ObjectPage(sections: [
            .facts(
                "Profile",
                [
                    .text("Name", bot.name), .code("Id", "\(bot.id)"), .text("Description", bot.description?.cut(to: 2_000)),
                    .links("Account", account, none: "none: a bot of the installation"),
                    .text("Outgoing URL", bot.outgoingURL), .text("Avatar", bot.avatarURL),
                ]),
            owners,
        ])
        content.dangers = [
            DangerZone(
                "Delete", "\(name) is gone for every reader at once. This cannot be undone.",
                effects: ["Its access token stops working at once", "It answers in no account any more"],
                action: visit.href("agent_bots/\(bot.id)/delete"), button: "Delete \(name)",
                hidden: [DangerZone.Hidden(name: ObjectForm.version, value: "\(bot.rowVersion)")])
        ]
        return page(bot, "", visit, content)
    }

    private func history(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let bot = try await directory.agentBots.show(try visit.pathID(), by: visit.caller)
        let section = try await HistoryTable.section(of: .agentBot, bot.id, visit, directory)
        return page(bot, "history", visit, ObjectPage(sections: [section]))
    }

    // MARK: - Forms

    private func newForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) -> ConsolePage {
        let form = ObjectForm(
            action: visit.href("agent_bots"), button: "Create the bot", cancel: visit.href("agent_bots"),
            groups: [.init(nil, fields(visit, nil, problems))])
        var page = ConsolePage("New agent bot", "object_form", form)
        page.above = PageLink("Agent bots", visit.href("agent_bots"))
        page.subtitle = "It will belong to no Platform App; it can be granted to one afterwards."
        page.notice = problems.notice(besides: Self.names)
        return page
    }

    private func create(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await saving(visit) {
            let bot = try await directory.agentBots.create(Self.draft(visit), by: visit.caller)
            return .to("agent_bots/\(bot.id)", .created)
        } orElse: {
            newForm(visit, $0)
        }
    }

    private func editForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let bot = try await directory.agentBots.show(try visit.pathID(), by: visit.caller)
        let root = visit.href("agent_bots/\(bot.id)")
        let form = ObjectForm(
            action: root, button: "Save", cancel: root, groups: [.init(nil, fields(visit, bot, problems))],
            hidden: [DangerZone.Hidden(name: ObjectForm.version, value: "\(bot.rowVersion)")])
        var page = ConsolePage("Edit \((bot.name ?? "").shownName)", "object_form", form)
        page.above = PageLink((bot.name ?? "").shownName, root)
        page.notice = problems.notice(besides: Self.names)
        return page
    }

    private func update(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        // That there is none must not be taken for an account that is not there.
        _ = try await directory.agentBots.show(id, by: visit.caller)
        return try await saving(visit) {
            var draft = Self.draft(visit)
            draft.matching = visit.matching
            _ = try await directory.agentBots.update(id, draft, by: visit.caller)
            return .to("agent_bots/\(id)", .saved)
        } orElse: {
            try await editForm(visit, $0)
        }
    }

    /// An account that does not exist is a problem of its field.
    private func saving(
        _ visit: ConsoleVisit, _ work: () async throws -> ConsoleAnswer, orElse form: ([FieldProblem]) async throws -> ConsolePage
    ) async throws -> ConsoleAnswer {
        try await visit.saving(
            {
                do { return try await work() } catch DirectoryError.notFound {
                    throw DirectoryError.invalid([FieldProblem("account_id", "There is no such account")])
                }
            }, orElse: form)
    }

    private static let names = ["name", "description", "outgoing_url", "account_id", "avatar_url"]

    private static func draft(_ visit: ConsoleVisit) -> AgentBotDraft {
        var draft = AgentBotDraft()
        draft.name = .some(visit.text("name"))
        draft.description = .some(visit.text("description"))
        draft.outgoingURL = .some(visit.text("outgoing_url"))
        draft.avatarURL = .some(visit.text("avatar_url"))
        draft.accountID = .some(visit.text("account_id").map { Int64($0) ?? 0 })
        return draft
    }

    private func fields(_ visit: ConsoleVisit, _ bot: AgentBot?, _ problems: [FieldProblem]) -> [Field] {
        [
            .text("name", "Name", visit.typed("name", bot?.name), problems),
            .area("description", "Description", visit.typed("description", bot?.description), rows: 3, problems),
            .text(
                "outgoing_url", "Outgoing URL", visit.typed("outgoing_url", bot?.outgoingURL), hint: "Where its events are sent",
                maximumLength: 2_048, problems),
            .text(
                "account_id", "Account id", visit.typed("account_id", bot?.accountID.map { "\($0)" }),
                hint: "Empty: a bot of the whole installation", maximumLength: 20, problems),
            .text(
                "avatar_url", "Avatar", visit.typed("avatar_url", bot?.avatarURL), hint: "An address of the web",
                maximumLength: 2_048, problems),
        ]
    }
}
