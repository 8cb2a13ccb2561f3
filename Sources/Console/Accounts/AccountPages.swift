// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync
import WebSurface

/// Accounts: the tenants of the installation, whoever they belong to.
struct AccountPages: Sendable {
    let directory: Directory
    let policies: PolicyShelf?

    func addRoutes(to frame: Frame) {
        frame.page("accounts", in: .accounts, list)
        frame.page("accounts/new", in: .accounts) { visit in .page(newForm(visit, [])) }
        frame.act("accounts", in: .accounts, create)
        frame.page("accounts/:id", in: .accounts) { visit in .page(try await show(visit)) }
        frame.page("accounts/:id/history", in: .accounts) { visit in .page(try await history(visit)) }
        frame.page("accounts/:id/why", in: .accounts, why)
        frame.page("accounts/:id/edit", in: .accounts) { visit in .page(try await editForm(visit, [])) }
        frame.act("accounts/:id", in: .accounts, update)
        frame.page("accounts/:id/delete", in: .accounts) { visit in .page(try await deletion(visit)) }
        frame.act("accounts/:id/delete", in: .accounts, confirmed: true, delete)
        addSuspensionRoutes(to: frame)
        AccountMemberPages(directory: directory, accounts: self).addRoutes(to: frame)
        CustomRolePages(directory: directory, accounts: self).addRoutes(to: frame)
    }

    /// A count of members that ends where counting did.
    static func members(_ count: Int64) -> String {
        count >= AccountListItem.mostMembers ? "1,000 or more" : "\(count)"
    }

    // MARK: - List

    private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let status = visit.choice("status", AccountStatus.self)
        let filters = ["q", "status", "app"].map { visit.text($0) ?? "" }
        let list = ListVisit(visit, "accounts/" + filters.joined(separator: "\u{1F}"))
        var query = AccountListQuery(page: list.page)
        (query.text, query.status, query.platformAppID) = (visit.text("q"), status, visit.filterID("app"))
        var (found, problems): (Page<AccountListItem>, [FieldProblem]) = (Page(items: []), [])
        do { found = try await directory.accounts.list(query, by: visit.caller) } catch DirectoryError.invalid(let wrong) {
            problems = wrong
        }
        var table = DataTable("Accounts", ["Name", "Domain", "Locale", "#Members", "Belongs to", "Created"])
        for account in found.items {
            var name = DataTable.Cell.link(account.name, visit.href("accounts/\(account.id)"))
            if account.isSuspended { name.badges = [.bad("suspended")] }
            table.append([
                name, .text(account.domain), .text(account.locale), .text(Self.members(account.members)),
                .text(UserPages.owners(account.firstOwner, account.owners), none: "no app"),
                .moment(visit.moment(account.createdAt)),
            ])
        }
        let bar = FilterBar(
            visit, search: "Search accounts", hint: "Name, domain or id",
            choices: [
                .choice(
                    "status", "Status", status?.rawValue, [("", "Any"), ("active", "Active"), ("suspended", "Suspended")], []),
                .filter("app", "Platform App id", visit),
            ])
        let empty = EmptyState(
            "No accounts yet", "They come from a sync, from a Platform App by the API, or from here.",
            PageLink("New account", visit.href("accounts/new")))
        let content = ObjectList(bar, table, Pager(list, next: found.next, newestFirst: true), empty: empty, kind: "accounts")
        var page = ConsolePage("Accounts", "object_list", content)
        page.actions = [PageLink("New account", visit.href("accounts/new"))]
        page.notice = problems.notice(besides: [])
        return .page(page)
    }

    // MARK: - One

    /// A page about an account, with its tabs.
    func page(
        _ account: Account, _ current: String, _ visit: ConsoleVisit, _ template: String, _ content: any Sendable
    ) -> ConsolePage {
        let root = "accounts/\(account.id)"
        var page = ConsolePage(account.name.shownName, template, content)
        page.above = PageLink("Accounts", visit.href("accounts"))
        page.actions = [PageLink("Edit", visit.href("\(root)/edit"))]
        let tabs = [
            ("", "Overview"), ("members", "Members"), ("custom_roles", "Custom roles"), ("history", "History"), ("why", "Why?"),
        ]
        page.tabs = tabs.map {
            PageLink($1, visit.href($0.isEmpty ? root : "\(root)/\($0)"), isCurrent: $0 == current)
        }
        return page
    }

    private func why(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        let account = try await directory.accounts.show(id, by: visit.caller)
        let sections = try await WhySections.all(of: .account, id, visit, directory, policies)
        return .page(page(account, "why", visit, "object_page", ObjectPage(sections: sections)))
    }

    private func show(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let id = try visit.pathID()
        let account = try await directory.accounts.show(id, by: visit.caller)
        let facts = try await directory.accounts.facts(id, membersUpTo: AccountListItem.mostMembers, by: visit.caller)
        let standing = try await directory.suspensions.standing(on: .account, id, by: visit.caller)
        let root = visit.href("accounts/\(id)")
        let content = ObjectPage(sections: [
            .facts("Profile", Self.facts(account, facts, visit)),
            suspensions(account, standing, visit),
            try await ObjectSections.owners(of: .account, id, visit, directory),
            try await ObjectSections.links(of: .account, id, visit, directory),
            .table("Limits", Self.limits(account), none: "No limit is set."),
            ObjectSections.attributes(account.customAttributes),
            PageSection("Delete", "Ends the account for everybody; its members stay users. The next page says what goes with it.")
                .linking([PageLink("Delete this account", "\(root)/delete")]),
        ])
        var page = page(account, "", visit, "object_page", content)
        page.badges = [standing.isEmpty ? .good("active") : .bad("suspended")]
        return page
    }

    private static func facts(_ account: Account, _ facts: AccountFacts, _ visit: ConsoleVisit) -> [Fact] {
        [
            .text("Name", account.name), .code("Id", "\(account.id)"), .text("Locale", account.locale),
            .text("Domain", account.domain),
            .text("Support e-mail", account.supportEmail, none: "none: the installation's sender"),
            .links("Members", [PageLink(Self.members(facts.members), visit.href("accounts/\(account.id)/members"))]),
            .links("Custom roles", [PageLink("\(facts.customRoles)", visit.href("accounts/\(account.id)/custom_roles"))]),
            .links("Agent bots", [PageLink("\(facts.agentBots)", visit.href("agent_bots", ["account": "\(account.id)"]))]),
            .text("Features", account.features.joined(separator: ", ").spaced),
            .moment("Created", visit.moment(facts.createdAt)), .moment("Changed", visit.moment(facts.updatedAt)),
        ]
    }

    private static func limits(_ account: Account) -> DataTable {
        var table = DataTable("Limits", ["Limit", "#Most"])
        for (name, value) in JSONDisplay.object(account.limits) {
            table.append([.text(name.spaced, none: "(empty)"), .text(JSONDisplay.line(value), none: "none")])
        }
        return table
    }

    private func history(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let id = try visit.pathID()
        let account = try await directory.accounts.show(id, by: visit.caller)
        let section = try await HistoryTable.section(of: .account, id, visit, directory)
        return page(account, "history", visit, "object_page", ObjectPage(sections: [section]))
    }

    // MARK: - Suspend

    private func addSuspensionRoutes(to frame: Frame) {
        frame.act("accounts/:id/suspend", in: .accounts) { visit in
            let id = try visit.pathID()
            try await directory.suspensions.suspend(
                account: id, SuspensionReason(visit.text("reason") ?? ""), by: visit.caller)
            return .to("accounts/\(id)", .suspended)
        }
        frame.act("accounts/:id/lift", in: .accounts) { visit in
            let id = try visit.pathID()
            try await directory.suspensions.lift(.account(id), of: visit.suspensionAuthor(), by: visit.caller)
            return .to("accounts/\(id)", .lifted)
        }
        frame.act("accounts/:id/restore", in: .accounts) { visit in
            let id = try visit.pathID()
            try await directory.suspensions.liftAll(on: .account, id, by: visit.caller)
            return .to("accounts/\(id)", .restored)
        }
    }

    private func suspensions(_ account: Account, _ standing: [StandingSuspension], _ visit: ConsoleVisit) -> PageSection {
        let root = visit.href("accounts/\(account.id)")
        var section = ObjectSections.suspensions(standing, lift: "\(root)/lift", visit)
        if standing.isEmpty {
            section.none = "None stands: its members can work."
            section.forms = [
                ActForm(
                    action: "\(root)/suspend", button: "Suspend",
                    fields: [
                        .text(
                            "reason", "Reason", nil, hint: "It is closed to all of its members, whose other accounts stay open.",
                            maximumLength: 1_000)
                    ])
            ]
        } else {
            section.forms = [
                ActForm(
                    action: "\(root)/restore", button: standing.count == 1 ? "Restore" : "Restore: lift all \(standing.count)")
            ]
        }
        return section
    }

    // MARK: - Delete

    private func deletion(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let id = try visit.pathID()
        let account = try await directory.accounts.show(id, by: visit.caller)
        let facts = try await directory.accounts.facts(id, by: visit.caller)
        let owners = try await directory.permissibles.owners(of: .account, id, by: visit.caller)
        let zone = DangerZone(
            "This cannot be undone", "\(account.name.shownName) is gone for every reader at once.",
            effects: [
                facts.members.of("membership") + " end; the people stay users",
                facts.customRoles.of("custom role") + " go with it",
                facts.agentBots.of("agent bot") + " go with it",
                owners.isEmpty ? "No Platform App is told" : owners.count.of("Platform App") + " lose the account",
            ],
            action: visit.href("accounts/\(id)/delete"), button: "Delete \(account.name.shownName)",
            hidden: [DangerZone.Hidden(name: ObjectForm.version, value: "\(account.rowVersion)")])
        var page = ConsolePage("Delete \(account.name.shownName)?", "object_page", ObjectPage(dangers: [zone]))
        page.above = PageLink(account.name.shownName, visit.href("accounts/\(id)"))
        return page
    }

    private func delete(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            try await directory.accounts.delete(id, matching: visit.matching, by: visit.caller)
            return .to("accounts", .deleted)
        } orElse: { _ in
            try await deletion(visit)
        }
    }
}

extension String {
    /// `agent_bots` as words.
    var spaced: String { String(map { $0 == "_" ? " " : $0 }) }
}
