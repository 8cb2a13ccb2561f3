// SPDX-License-Identifier: Apache-2.0

import Directory

/// The roles that an account defines for itself.
///
/// Of two people who save at once the last one wins: the forms hold every field, and the history tells both.
struct CustomRolePages: Sendable {
    let directory: Directory
    let accounts: AccountPages

    func addRoutes(to frame: Frame) {
        frame.page("accounts/:id/custom_roles", in: .accounts) { visit in .page(try await list(visit)) }
        frame.page("accounts/:id/custom_roles/new", in: .accounts) { visit in .page(try await form(visit, nil, [])) }
        frame.act("accounts/:id/custom_roles", in: .accounts) { visit in try await save(visit, nil) }
        frame.page("accounts/:id/custom_roles/:role", in: .accounts) { visit in
            .page(try await form(visit, visit.pathID("role"), []))
        }
        frame.act("accounts/:id/custom_roles/:role", in: .accounts) { visit in try await save(visit, visit.pathID("role")) }
        frame.act("accounts/:id/custom_roles/:role/delete", in: .accounts) { visit in
            let id = try visit.pathID()
            try await directory.customRoles.delete(try visit.pathID("role"), accountID: id, by: visit.caller)
            return .to("accounts/\(id)/custom_roles", .deleted)
        }
    }

    private func list(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let account = try await directory.accounts.show(try visit.pathID(), by: visit.caller)
        let part = ListVisit(visit, "custom_roles/\(account.id)")
        let found = try await directory.customRoles.list(accountID: account.id, part.page, by: visit.caller)
        var table = DataTable("Custom roles", ["Name", "Description", "Permissions"])
        for role in found.items {
            table.append([
                .link(role.name, visit.href("accounts/\(account.id)/custom_roles/\(role.id)")),
                .text(role.description?.cut(to: 200)), .text(role.permissions.map(\.spaced).joined(separator: ", ")),
            ])
        }
        let add = PageLink("New custom role", visit.href("accounts/\(account.id)/custom_roles/new"))
        var section = PageSection(nil)
        if table.rows.isEmpty, part.isFirst {
            section.empty = EmptyState(
                "No custom roles", "Members are agents or administrators. A custom role says in detail what a member may do.", add
            )
        } else {
            section = .table(nil, table, none: "There are no more.")
        }
        section.pager = Pager(part, next: found.next)
        var page = accounts.page(account, "custom_roles", visit, "object_page", ObjectPage(sections: [section]))
        page.actions = [add]
        return page
    }

    private func form(_ visit: ConsoleVisit, _ id: Int64?, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let account = try await directory.accounts.show(try visit.pathID(), by: visit.caller)
        var role: CustomRole?
        if let id { role = try await directory.customRoles.show(id, accountID: account.id, by: visit.caller) }
        let list = visit.href("accounts/\(account.id)/custom_roles")
        let on = visit.isGet ? role?.permissions ?? [] : visit.texts("permissions")
        var section = PageSection(nil)
        section.forms = [
            ActForm(
                action: id.map { "\(list)/\($0)" } ?? list, button: id == nil ? "Create the role" : "Save", isQuiet: false,
                fields: [
                    .text("name", "Name", visit.typed("name", role?.name), required: true, problems),
                    .area("description", "Description", visit.typed("description", role?.description), rows: 3, problems),
                ]
                    + CustomRoleRules.permissions.map { Field.box("permissions[]", $0, on.contains($0)) })
        ]
        var content = ObjectPage(sections: [section])
        if let role {
            content.dangers = [
                DangerZone(
                    "Delete", "Who holds it stays a member, as agent or administrator.", action: "\(list)/\(role.id)/delete",
                    button: "Delete \(role.name.shownName)")
            ]
        }
        var page = ConsolePage(role?.name.shownName ?? "New custom role", "object_page", content)
        page.above = PageLink("Custom roles of \(account.name.shownName)", list)
        page.notice = problems.notice(besides: ["name", "description"])
        return page
    }

    private func save(_ visit: ConsoleVisit, _ role: Int64?) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            var draft = CustomRoleDraft()
            (draft.name, draft.permissions) = (visit.text("name") ?? "", visit.texts("permissions"))
            draft.description = .some(visit.text("description"))
            if let role {
                _ = try await directory.customRoles.update(role, accountID: id, draft, by: visit.caller)
                return .to("accounts/\(id)/custom_roles", .saved)
            }
            _ = try await directory.customRoles.create(accountID: id, draft, by: visit.caller)
            return .to("accounts/\(id)/custom_roles", .created)
        } otherwise: {
            try await form(visit, role, $0)
        }
    }
}
