// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// Making and changing accounts.
extension AccountPages {
    func newForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) -> ConsolePage {
        let form = ObjectForm(
            action: visit.href("accounts"), button: "Create the account", cancel: visit.href("accounts"),
            groups: groups(visit, nil, problems))
        var page = ConsolePage("New account", "object_form", form)
        page.above = PageLink("Accounts", visit.href("accounts"))
        page.subtitle = "It will belong to no Platform App; it can be granted to one afterwards."
        page.notice = problems.notice(besides: Self.fieldNames)
        return page
    }

    func create(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            let account = try await directory.accounts.create(Self.draft(visit, nil), by: visit.caller)
            return .to("accounts/\(account.id)", .created)
        } otherwise: {
            newForm(visit, $0)
        }
    }

    func editForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let account = try await directory.accounts.show(try visit.pathID(), by: visit.caller)
        let root = visit.href("accounts/\(account.id)")
        let form = ObjectForm(
            action: root, button: "Save", cancel: root, groups: groups(visit, account, problems),
            hidden: [DangerZone.Hidden(name: ObjectForm.version, value: "\(account.rowVersion)")])
        var page = ConsolePage("Edit \(account.name.shownName)", "object_form", form)
        page.above = PageLink(account.name.shownName, root)
        page.notice = problems.notice(besides: Self.fieldNames)
        return page
    }

    func update(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            let account = try await directory.accounts.show(id, by: visit.caller)
            var draft = Self.draft(visit, account)
            draft.matching = visit.matching
            _ = try await directory.accounts.update(id, draft, by: visit.caller)
            return .to("accounts/\(id)", .saved)
        } orElse: {
            try await editForm(visit, $0)
        }
    }

    // MARK: - What was typed

    private static func draft(_ visit: ConsoleVisit, _ account: Account?) -> AccountDraft {
        var draft = AccountDraft()
        draft.name = visit.text("name") ?? ""
        draft.locale = visit.text("locale")
        draft.domain = .some(visit.text("domain"))
        draft.supportEmail = .some(visit.text("support_email"))
        // Known names only: others would be refused, and the form has no others.
        let on = Set(visit.texts("features"))
        draft.features = AccountVocabulary.features.mapValues { _ in false }
            .merging(on.intersection(AccountVocabulary.features.keys).map { ($0, true) }) { $1 }
        do throws(FieldProblem) {
            draft.customAttributes = try JSONDisplay.typed(
                visit.text("custom_attributes"), "custom_attributes", "Custom attributes")
        } catch {
            draft.problems.append(error)
        }
        var limits: [String] = []
        for name in AccountVocabulary.limits.sorted() {
            guard let text = visit.text("limit_\(name)") else { continue }
            guard let most = Int64(text), most >= 0 else {
                draft.problems.append(FieldProblem("limit_\(name)", "A whole number, or nothing for no limit"))
                continue
            }
            limits.append("\"\(name)\":\(most)")
        }
        draft.limits = JSONText("{\(limits.joined(separator: ","))}")
        return draft
    }

    // MARK: - The form

    private static var fieldNames: [String] {
        ["name", "locale", "domain", "support_email", "custom_attributes"] + AccountVocabulary.limits.map { "limit_\($0)" }
    }

    private func groups(_ visit: ConsoleVisit, _ account: Account?, _ problems: [FieldProblem]) -> [ObjectForm.Group] {
        let stored = account.map { JSONDisplay.object($0.limits) }
        let limits = AccountVocabulary.limits.sorted().map { name in
            Field.text(
                "limit_\(name)", name.spaced, visit.typed("limit_\(name)", stored?[name].map(JSONDisplay.line)), type: "number",
                hint: name == "agents" ? "Seats: how many members it may have" : nil, problems)
        }
        let on = visit.isGet ? nil : Set(visit.texts("features"))
        let features = AccountVocabulary.features.sorted { $0.key < $1.key }.map { name, isDefault in
            Field.box("features[]", name, on?.contains(name) ?? account?.features.contains(name) ?? isDefault)
        }
        return [
            .init(nil, general(visit, account, problems)), .init("Limits", limits, isDense: true),
            .init("Features", features, isDense: true),
        ]
    }

    private func general(_ visit: ConsoleVisit, _ account: Account?, _ problems: [FieldProblem]) -> [Field] {
        [
            .text("name", "Name", visit.typed("name", account?.name), required: true, problems),
            .choice(
                "locale", "Locale", visit.typed("locale", account?.locale ?? "en"),
                AccountVocabulary.locales.sorted().map { ($0, $0) }, problems),
            .text("domain", "Domain", visit.typed("domain", account?.domain), maximumLength: 100, problems),
            .text(
                "support_email", "Support e-mail", visit.typed("support_email", account?.supportEmail),
                hint: "Where the account's mail comes from", maximumLength: 100, problems),
            .area(
                "custom_attributes", "Custom attributes",
                visit.typed("custom_attributes", account.map { JSONDisplay.pretty($0.customAttributes) }), rows: 6,
                hint: "A JSON object, such as {\"region\": \"north\"}", problems),
        ]
    }
}
