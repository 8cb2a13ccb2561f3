// SPDX-License-Identifier: Apache-2.0

import Directory

/// Making and changing users.
extension UserPages {
    func newForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) -> ConsolePage {
        let fields =
            fields(visit, nil, problems) + [
                .password(
                    "password", "Password", hint: "Empty: the user signs in by login link only", required: false,
                    autocomplete: "new-password", problems)
            ]
        let form = ObjectForm(
            action: visit.href("users"), button: "Create the user", cancel: visit.href("users"),
            groups: [.init(nil, fields + [attributes(visit, nil, problems)])])
        var page = ConsolePage("New user", "object_form", form)
        page.above = PageLink("Users", visit.href("users"))
        page.subtitle = "It will belong to no Platform App; it can be granted to one afterwards."
        page.notice = problems.notice(besides: ["name", "display_name", "email", "password", "custom_attributes"])
        return page
    }

    func create(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            var draft = UserDraft()
            (draft.name, draft.displayName) = (visit.text("name"), visit.text("display_name"))
            draft.email = visit.text("email")
            draft.password = visit.rawText("password").flatMap { $0.isEmpty ? nil : $0 }
            do throws(FieldProblem) {
                draft.customAttributes = try Self.attributes(visit)
            } catch {
                draft.problems.append(error)
            }
            let user = try await directory.users.create(draft, by: visit.caller)
            return .to("users/\(user.id)", .created)
        } otherwise: {
            newForm(visit, $0)
        }
    }

    func editForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let user = try await directory.users.show(try visit.pathID(), by: visit.caller)
        let root = visit.href("users/\(user.id)")
        let form = ObjectForm(
            action: root, button: "Save", cancel: root,
            groups: [.init(nil, fields(visit, user, problems) + [attributes(visit, user, problems)])],
            hidden: [DangerZone.Hidden(name: ObjectForm.version, value: "\(user.rowVersion)")])
        var page = ConsolePage("Edit \(user.name.shownName)", "object_form", form)
        page.above = PageLink(user.name.shownName, root)
        page.notice = problems.notice(besides: ["name", "display_name", "email", "custom_attributes"])
        return page
    }

    func update(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            var update = UserUpdate()
            (update.name, update.displayName) = (visit.text("name") ?? "", visit.text("display_name"))
            update.email = visit.text("email") ?? ""
            do throws(FieldProblem) {
                update.customAttributes = try Self.attributes(visit)
                update.replacesCustomAttributes = true
            } catch {
                update.problems.append(error)
            }
            update.matching = visit.matching
            _ = try await directory.users.update(id, update, by: visit.caller)
            return .to("users/\(id)", .saved)
        } orElse: {
            try await editForm(visit, $0)
        }
    }

    private static func attributes(_ visit: ConsoleVisit) throws(FieldProblem) -> JSONText {
        try JSONDisplay.typed(visit.text("custom_attributes"), "custom_attributes", "Custom attributes")
    }

    private func fields(_ visit: ConsoleVisit, _ user: User?, _ problems: [FieldProblem]) -> [Field] {
        [
            .text("name", "Name", visit.typed("name", user?.name), required: true, problems),
            .text(
                "display_name", "Display name", visit.typed("display_name", user?.displayName),
                hint: "Shown to customers in place of the name", problems),
            .text("email", "E-mail", visit.typed("email", user?.email), type: "email", required: true, problems),
        ]
    }

    private func attributes(_ visit: ConsoleVisit, _ user: User?, _ problems: [FieldProblem]) -> Field {
        .area(
            "custom_attributes", "Custom attributes",
            visit.typed("custom_attributes", user.map { JSONDisplay.pretty($0.customAttributes) }), rows: 8,
            hint: "A JSON object, such as {\"region\": \"north\"}", problems)
    }
}

extension ConsoleVisit {
    /// What stands in a field: what was typed where a form was sent, else what is stored.
    func typed(_ name: String, _ stored: String?) -> String? { isGet ? stored : rawText(name) }
}
