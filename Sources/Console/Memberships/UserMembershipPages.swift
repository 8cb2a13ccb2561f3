// SPDX-License-Identifier: Apache-2.0

import Directory

/// A user's memberships: where the person works, as what, and what is in the way.
///
/// Of two people who save at once the last one wins: the forms hold every field, and the history tells both.
struct UserMembershipPages: Sendable {
    let directory: Directory
    let users: UserPages

    func addRoutes(to frame: Frame) {
        frame.page("users/:id/memberships", in: .users) { visit in .page(try await list(visit)) }
        frame.page("users/:id/memberships/new", in: .users) { visit in .page(try await search(visit)) }
        frame.page("users/:id/memberships/:account", in: .users) { visit in .page(try await form(visit, [])) }
        frame.act("users/:id/memberships/:account", in: .users, save)
        frame.act("users/:id/memberships/:account/remove", in: .users, remove)
        frame.act("users/:id/memberships/:account/suspend", in: .users) { visit in
            let (id, account) = (try visit.pathID(), try visit.pathID("account"))
            _ = try await directory.suspensions.suspend(
                accountID: account, userID: id, SuspensionReason(visit.text("reason") ?? ""), by: visit.caller)
            return .to("users/\(id)/memberships/\(account)", .suspended)
        }
        frame.act("users/:id/memberships/:account/lift", in: .users) { visit in
            let (id, account) = (try visit.pathID(), try visit.pathID("account"))
            try await directory.suspensions.lift(
                .membership(accountID: account, userID: id), of: visit.suspensionAuthor(), by: visit.caller)
            return .to("users/\(id)/memberships/\(account)", .lifted)
        }
    }

    private func list(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let user = try await directory.users.show(try visit.pathID(), by: visit.caller)
        let part = ListVisit(visit, "memberships/\(user.id)")
        let found = try await directory.memberships.list(userID: user.id, part.page, by: visit.caller)
        var table = DataTable("Memberships", ["Account", "Role", "Availability", "Since", "Last active", "-Acts"])
        for membership in found.items {
            var name = DataTable.Cell.link(membership.accountName, visit.href("accounts/\(membership.accountID)"))
            name.badges = MembershipWords.badges(membership, ofAccount: true)
            table.append([
                name, MembershipWords.role(membership), .text(MembershipWords.availability(membership)),
                .moment(visit.moment(membership.createdAt)), .moment(visit.moment(membership.activeAt)),
                .acts([PageLink("Change", visit.href("users/\(user.id)/memberships/\(membership.accountID)"))]),
            ])
        }
        var section = PageSection(nil)
        let add = PageLink("Add a membership", visit.href("users/\(user.id)/memberships/new"))
        if table.rows.isEmpty, part.isFirst {
            section.empty = EmptyState(
                "In no account", "The user can sign in and sees nothing until it is a member somewhere.", add)
        } else {
            section = .table(nil, table, none: "There are no more.")
        }
        section.pager = Pager(part, next: found.next, newestFirst: true)
        var page = users.page(user, "memberships", visit, "object_page", ObjectPage(sections: [section]))
        page.actions = [add]
        return page
    }

    /// Looks for the account of a new membership.
    private func search(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let user = try await directory.users.show(try visit.pathID(), by: visit.caller)
        let part = ListVisit(visit, "memberships/new/\(visit.text("q") ?? "")", limit: 20)
        var query = AccountListQuery(page: part.page)
        query.text = visit.text("q")
        let found = try await directory.accounts.list(query, by: visit.caller)
        var table = DataTable("Accounts", ["Account", "#Members", "-Acts"])
        for account in found.items {
            var name = DataTable.Cell.text(account.name, faint: account.domain, none: "without a name")
            if account.isSuspended { name.badges = [.bad("suspended")] }
            table.append([
                name, .text(AccountPages.members(account.members)),
                .acts([PageLink("Choose \(account.name.shownName)", visit.href("users/\(user.id)/memberships/\(account.id)"))]),
            ])
        }
        let bar = FilterBar(visit, search: "Search accounts", hint: "Name, domain or id")
        let empty = EmptyState(
            "No accounts yet", "A membership needs one.", PageLink("New account", visit.href("accounts/new")))
        let content = ObjectList(bar, table, Pager(part, next: found.next, newestFirst: true), empty: empty, kind: "accounts")
        var page = ConsolePage("Add a membership", "object_list", content)
        page.above = PageLink(user.name.shownName, visit.href("users/\(user.id)/memberships"))
        page.subtitle = "Which account shall \(user.name.shownName) join?"
        return page
    }

    private func form(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let user = try await directory.users.show(try visit.pathID(), by: visit.caller)
        let account = try await directory.accounts.show(try visit.pathID("account"), by: visit.caller)
        let now = try await directory.memberships.list(
            userID: user.id, account: account.id, PageRequest(limit: 1), by: visit.caller
        ).items.first
        let roles = try await directory.customRoles.list(accountID: account.id, PageRequest(limit: 500), by: visit.caller).items
        let root = visit.href("users/\(user.id)/memberships/\(account.id)")
        let fields = MembershipWords.fields(visit, now, roles, problems)
        var section = PageSection(nil)
        section.forms = [
            ActForm(
                action: root, button: now == nil ? "Add the membership" : "Save", isQuiet: false,
                fields: fields)
        ]
        var content = ObjectPage(sections: [section])
        if let now {
            var suspensions = ObjectSections.suspensions(now.suspensions, lift: "\(root)/lift", visit)
            if now.suspensions.isEmpty {
                suspensions.text = "Suspending closes this account to the user and leaves the others open."
                suspensions.forms = [
                    ActForm(
                        action: "\(root)/suspend", button: "Suspend the membership",
                        fields: [.text("reason", "Reason", nil, maximumLength: 1_000)])
                ]
            }
            content.sections.append(suspensions)
            content.dangers = [
                DangerZone(
                    "Remove", "\(user.name.shownName) stays a user, and leaves this account.",
                    effects: ["1 membership ends, with its role and its suspensions"], action: "\(root)/remove",
                    button: "Remove from \(account.name.shownName)")
            ]
        }
        var page = ConsolePage("\(user.name.shownName) in \(account.name.shownName)", "object_page", content)
        page.above = PageLink(user.name.shownName, visit.href("users/\(user.id)/memberships"))
        page.subtitle = now == nil ? "Not a member yet" : "Member"
        page.badges = now.map { MembershipWords.badges($0, ofAccount: true) } ?? []
        page.notice = problems.notice(besides: fields.map(\.name))
        return page
    }

    private func save(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (id, account) = (try visit.pathID(), try visit.pathID("account"))
        return try await visit.saving {
            var draft = MembershipDraft()
            draft.userID = id
            draft.role = visit.choice("role", Role.self)
            draft.availability = visit.choice("availability", Availability.self)
            draft.autoOffline = visit.flag("auto_offline")
            draft.customRoleID = .some(visit.integer("custom_role_id"))
            _ = try await directory.memberships.upsert(accountID: account, draft, by: visit.caller)
            return .to("users/\(id)/memberships", .saved)
        } otherwise: { problems in
            try await form(
                visit, problems.map { $0.attribute == "custom_role" ? FieldProblem("custom_role_id", $0.message) : $0 })
        }
    }

    private func remove(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (id, account) = (try visit.pathID(), try visit.pathID("account"))
        try await directory.memberships.delete(accountID: account, userID: id, by: visit.caller)
        return .to("users/\(id)/memberships", .deleted)
    }
}

/// How pages speak of memberships.
enum MembershipWords {
    /// - Parameter ofAccount: whether the page is about the user, so that the account's state is news.
    static func badges(_ membership: MembershipListItem, ofAccount: Bool) -> [Badge] {
        var badges: [Badge] = membership.suspensions.isEmpty ? [] : [.bad("suspended")]
        if ofAccount, membership.isAccountSuspended { badges.append(.warning("account suspended")) }
        if !ofAccount, membership.isUserSuspended { badges.append(.warning("user suspended")) }
        return badges
    }

    static func role(_ membership: MembershipListItem) -> DataTable.Cell {
        .text(membership.role, faint: membership.customRoleName)
    }

    static func availability(_ membership: MembershipListItem) -> String {
        membership.availability + (membership.autoOffline ? "" : ", stays so")
    }

    static func fields(
        _ visit: ConsoleVisit, _ now: MembershipListItem?, _ roles: [CustomRole], _ problems: [FieldProblem]
    ) -> [Field] {
        var fields: [Field] = [
            .choice(
                "role", "Role", visit.typed("role", now?.role ?? "agent"), Role.allCases.map { ($0.rawValue, $0.rawValue) },
                problems)
        ]
        if !roles.isEmpty {
            let options = [("", "None")] + roles.map { ("\($0.id)", $0.name.shownName) }
            fields.append(
                .choice(
                    "custom_role_id", "Custom role", visit.typed("custom_role_id", now?.customRoleID.map { "\($0)" } ?? ""),
                    options, hint: "Says what the member may do in place of the role", problems))
        }
        let isAuto = visit.isGet ? now?.autoOffline ?? true : visit.flag("auto_offline")
        fields += [
            .choice(
                "availability", "Availability", visit.typed("availability", now?.availability ?? "online"),
                Availability.allCases.map { ($0.rawValue, $0.rawValue) }, problems),
            .checkbox("auto_offline", "Goes offline by itself when nobody is at the keyboard", isAuto, problems),
        ]
        return fields
    }
}
