// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// Users: everybody that the installation knows, whoever they belong to.
struct UserPages: Sendable {
    let directory: Directory
    /// Where login links lead.
    let publicURL: String
    let policies: PolicyShelf?

    func addRoutes(to frame: Frame) {
        frame.page("users", in: .users, list)
        frame.page("users/new", in: .users) { visit in .page(newForm(visit, [])) }
        frame.act("users", in: .users, create)
        frame.page("users/:id", in: .users) { visit in .page(try await show(visit)) }
        frame.page("users/:id/history", in: .users) { visit in .page(try await history(visit)) }
        frame.page("users/:id/why", in: .users, why)
        frame.page("users/:id/edit", in: .users) { visit in .page(try await editForm(visit, [])) }
        frame.act("users/:id", in: .users, update)
        frame.page("users/:id/delete", in: .users) { visit in .page(try await deletion(visit)) }
        frame.act("users/:id/delete", in: .users, confirmed: true, delete)
        addSuspensionRoutes(to: frame)
        addSignInRoutes(to: frame)
        UserMembershipPages(directory: directory, users: self).addRoutes(to: frame)
    }

    // MARK: - List

    private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let status = visit.choice("status", UserQuery.Status.self)
        let filters = ["q", "status", "account", "app", "external_id"].map { visit.text($0) ?? "" }
        let list = ListVisit(visit, "users/" + filters.joined(separator: "\u{1F}"))
        var query = UserListQuery(page: list.page)
        (query.text, query.externalID, query.status) = (visit.text("q"), visit.text("external_id"), status)
        (query.accountID, query.platformAppID) = (visit.filterID("account"), visit.filterID("app"))
        var (found, problems): (Page<UserListItem>, [FieldProblem]) = (Page(items: []), [])
        do { found = try await directory.users.list(query, by: visit.caller) } catch DirectoryError.invalid(let wrong) {
            problems = wrong
        }
        var table = DataTable("Users", ["Name", "E-mail", "#Memberships", "Belongs to", "Created"])
        for user in found.items {
            var name = DataTable.Cell.link(user.name, visit.href("users/\(user.id)"), faint: user.displayName)
            if user.isSuspended { name.badges = [.bad("suspended")] }
            table.append([
                name, .text(user.email), .text("\(user.memberships)\(user.memberships >= 100 ? " or more" : "")"),
                .text(Self.owners(user.firstOwner, user.owners), none: "no app"), .moment(visit.moment(user.createdAt)),
            ])
        }
        let bar = FilterBar(
            visit, search: "Search users", hint: "Name, e-mail or id",
            choices: [
                .choice(
                    "status", "Status", status?.rawValue, [("", "Any"), ("active", "Active"), ("suspended", "Suspended")], []),
                .filter("account", "Account id", visit), .filter("app", "Platform App id", visit),
                .filter("external_id", "External id", visit),
            ])
        let empty = EmptyState(
            "No users yet", "They come from a sync, from a Platform App by the API, or from here.",
            PageLink("New user", visit.href("users/new")))
        let content = ObjectList(bar, table, Pager(list, next: found.next, newestFirst: true), empty: empty, kind: "users")
        var page = ConsolePage("Users", "object_list", content)
        page.actions = [PageLink("New user", visit.href("users/new"))]
        page.notice = problems.notice(besides: [])
        return .page(page)
    }

    static func owners(_ first: String?, _ count: Int64) -> String? {
        first.map { count > 1 ? "\($0) and \(count - 1) more" : $0 }
    }

    // MARK: - One

    /// A page about a user, with its tabs.
    func page(_ user: User, _ current: String, _ visit: ConsoleVisit, _ template: String, _ content: any Sendable) -> ConsolePage
    {
        let root = "users/\(user.id)"
        var page = ConsolePage(user.name.shownName, template, content)
        page.above = PageLink("Users", visit.href("users"))
        page.subtitle = user.email
        page.actions = [PageLink("Edit", visit.href("\(root)/edit"))]
        let tabs = [
            ("", "Overview"), ("memberships", "Memberships"), ("sessions", "Sessions"), ("history", "History"), ("why", "Why?"),
        ]
        page.tabs = tabs.map {
            PageLink($1, visit.href($0.isEmpty ? root : "\(root)/\($0)"), isCurrent: $0 == current)
        }
        return page
    }

    func show(_ visit: ConsoleVisit, secrets: [PageSection] = []) async throws -> ConsolePage {
        let id = try visit.pathID()
        let user = try await directory.users.show(id, by: visit.caller)
        let facts = try await directory.users.facts(id, by: visit.caller)
        let standing = try await directory.suspensions.standing(on: .user, id, by: visit.caller)
        let root = visit.href("users/\(id)")
        var content = ObjectPage(sections: secrets)
        content.sections += [
            .facts("Profile", Self.facts(user, facts, visit)),
            signIn(user, facts, visit),
            suspensions(user, standing, visit),
            try await ObjectSections.owners(of: .user, id, visit, directory),
            try await ObjectSections.links(of: .user, id, visit, directory),
            ObjectSections.attributes(user.customAttributes),
            PageSection("Delete", "Ends the user for everybody. The next page says what goes with it.")
                .linking([PageLink("Delete this user", "\(root)/delete")]),
        ]
        var page = page(user, "", visit, "object_page", content)
        page.badges = [standing.isEmpty ? .good("active") : .bad("suspended")]
        return page
    }

    private static func facts(_ user: User, _ facts: UserFacts, _ visit: ConsoleVisit) -> [Fact] {
        [
            .text("Name", user.name), .text("Display name", user.displayName, none: "none: the name is shown"),
            .text("E-mail", user.email), .code("Id", "\(user.id)"),
            .links("Memberships", [PageLink("\(facts.memberships)", visit.href("users/\(user.id)/memberships"))]),
            .text("Avatar", user.avatarURL), .text("Message signature", user.messageSignature?.cut(to: 2_000)),
            .moment("Created", visit.moment(facts.createdAt)), .moment("Changed", visit.moment(facts.updatedAt)),
        ]
    }

    private func history(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let id = try visit.pathID()
        let user = try await directory.users.show(id, by: visit.caller)
        let section = try await HistoryTable.section(of: .user, id, visit, directory)
        return page(user, "history", visit, "object_page", ObjectPage(sections: [section]))
    }

    private func why(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        let user = try await directory.users.show(id, by: visit.caller)
        let sections = try await WhySections.all(of: .user, id, visit, directory, policies)
        return .page(page(user, "why", visit, "object_page", ObjectPage(sections: sections)))
    }

    // MARK: - Delete

    private func deletion(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let id = try visit.pathID()
        let user = try await directory.users.show(id, by: visit.caller)
        let facts = try await directory.users.facts(id, by: visit.caller)
        let owners = try await directory.permissibles.owners(of: .user, id, by: visit.caller)
        let zone = DangerZone(
            "This cannot be undone", "\(user.name.shownName) is gone for every reader at once.",
            effects: [
                "Ends " + facts.memberships.of("membership"), "Ends " + facts.sessions.of("session"),
                "Stops " + facts.tokens.of("access token") + " at once",
                owners.isEmpty ? "No Platform App reaches it" : "Takes it from " + owners.count.of("Platform App"),
                "Frees \(user.email) for another user",
            ],
            action: visit.href("users/\(id)/delete"), button: "Delete \(user.name.shownName)",
            hidden: [DangerZone.Hidden(name: ObjectForm.version, value: "\(user.rowVersion)")])
        var page = ConsolePage("Delete \(user.name.shownName)?", "object_page", ObjectPage(dangers: [zone]))
        page.above = PageLink(user.name.shownName, visit.href("users/\(id)"))
        return page
    }

    private func delete(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            try await directory.users.delete(id, matching: visit.matching, by: visit.caller)
            return .to("users", .deleted)
        } orElse: { _ in
            try await deletion(visit)
        }
    }
}

extension String {
    /// A name to click on and to be read: never without a word.
    var shownName: String { trimmingBlanks().isEmpty ? "Without a name" : self }
}

extension BinaryInteger {
    /// `1 membership`, `3 memberships`.
    func of(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension Field {
    /// A line of a filter.
    static func filter(_ name: String, _ label: String, _ visit: ConsoleVisit) -> Field {
        var field = Field.text(name, label, visit.text(name))
        field.isOptional = false
        return field
    }

    /// One of a group of boxes whose value says what it is.
    static func box(_ name: String, _ value: String, _ isChecked: Bool) -> Field {
        Field.checkbox(name, value.spaced, isChecked, value: value).named(value)
    }
}
