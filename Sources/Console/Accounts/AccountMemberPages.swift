// SPDX-License-Identifier: Apache-2.0

import Directory

/// An account's members.
struct AccountMemberPages: Sendable {
    let directory: Directory
    let accounts: AccountPages

    func addRoutes(to frame: Frame) {
        frame.page("accounts/:id/members", in: .accounts) { visit in .page(try await list(visit)) }
        frame.page("accounts/:id/members/new", in: .accounts) { visit in .page(try await search(visit)) }
    }

    private func list(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let account = try await directory.accounts.show(try visit.pathID(), by: visit.caller)
        let part = ListVisit(visit, "members/\(account.id)")
        let found = try await directory.memberships.members(of: account.id, part.page, by: visit.caller)
        var table = DataTable("Members", ["Name", "E-mail", "Role", "Availability", "Since", "-Acts"])
        for membership in found.items {
            var name = DataTable.Cell.link(membership.userName, visit.href("users/\(membership.userID)"))
            name.badges = MembershipWords.badges(membership, ofAccount: false)
            table.append([
                name, .text(membership.userEmail), MembershipWords.role(membership),
                .text(MembershipWords.availability(membership)), .moment(visit.moment(membership.createdAt)),
                .acts([PageLink("Change", visit.href("users/\(membership.userID)/memberships/\(account.id)"))]),
            ])
        }
        let add = PageLink("Add a member", visit.href("accounts/\(account.id)/members/new"))
        var section = PageSection(nil)
        if table.rows.isEmpty, part.isFirst {
            section.empty = EmptyState("No members yet", "Nobody can work in this account until somebody is a member.", add)
        } else {
            section = .table(nil, table, none: "There are no more.")
                .linking([PageLink("Search the members", visit.href("users", ["account": "\(account.id)"]))])
        }
        section.pager = Pager(part, next: found.next, newestFirst: true)
        var page = accounts.page(account, "members", visit, "object_page", ObjectPage(sections: [section]))
        page.actions = [add]
        return page
    }

    /// Looks for the user who shall be a member.
    private func search(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let account = try await directory.accounts.show(try visit.pathID(), by: visit.caller)
        let part = ListVisit(visit, "members/new/\(visit.text("q") ?? "")", limit: 20)
        var query = UserListQuery(page: part.page)
        query.text = visit.text("q")
        let found = try await directory.users.list(query, by: visit.caller)
        var table = DataTable("Users", ["Name", "E-mail", "-Acts"])
        for user in found.items {
            var name = DataTable.Cell.text(user.name, faint: user.displayName, none: "without a name")
            if user.isSuspended { name.badges = [.bad("suspended")] }
            table.append([
                name, .text(user.email),
                .acts([PageLink("Choose \(user.name.shownName)", visit.href("users/\(user.id)/memberships/\(account.id)"))]),
            ])
        }
        let bar = FilterBar(visit, search: "Search users", hint: "Name, e-mail or id")
        let empty = EmptyState("No users yet", "A member is a user first.", PageLink("New user", visit.href("users/new")))
        let content = ObjectList(bar, table, Pager(part, next: found.next, newestFirst: true), empty: empty, kind: "users")
        var page = ConsolePage("Add a member", "object_list", content)
        page.above = PageLink(account.name.shownName, visit.href("accounts/\(account.id)/members"))
        page.subtitle = "Who shall be a member of \(account.name.shownName)?"
        return page
    }
}
