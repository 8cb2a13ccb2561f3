// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// What a Platform App may reach: what it made, what it was granted, and granting more.
struct PermissiblePages: Sendable {
    let apps: PlatformAppStore
    let permissibles: PermissibleStore

    func addRoutes(to frame: Frame) {
        frame.page("platform_apps/:id/permissibles", in: .platformApps, list)
        let one = "platform_apps/:id/permissibles/:kind/:object"
        frame.page(one, in: .platformApps) { visit in .page(try await show(visit)) }
        frame.act(one, in: .platformApps, grant)
        frame.act(one + "/revoke", in: .platformApps) { visit in
            let (id, kind, object) = try Self.place(visit)
            try await permissibles.revoke(kind, object, from: id, by: visit.caller)
            return .to(Self.list(id, kind), .revoked)
        }
        frame.act(one + "/transfer", in: .platformApps, confirmed: true, transfer)
    }

    /// What the path names.
    private static func place(_ visit: ConsoleVisit) throws -> (app: Int64, kind: ObjectKind, object: Int64) {
        guard let kind = ObjectKind(rawValue: try visit.context.pathText("kind")) else { throw DirectoryError.notFound }
        return (try visit.pathID(), kind, try visit.pathID("object"))
    }

    private static func list(_ app: Int64, _ kind: ObjectKind) -> String {
        "platform_apps/\(app)/permissibles?kind=\(kind.rawValue)"
    }

    // MARK: - The list

    @Sendable private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        let app = try await apps.show(id, by: visit.caller)
        // The kind asked for, or one that there is something of.
        let first = ObjectKind.allCases.first { app.reach[$0].value > 0 } ?? .account
        let kind: ObjectKind = visit.choice("kind") ?? first
        let text = visit.text("q")
        let part = ListVisit(visit, "platform_apps/\(id)/permissibles?\(kind.rawValue)")
        let found = try await permissibles.list(kind, of: id, part.page, by: visit.caller)
        let candidates =
            try await text.asyncMap { text in
                try await permissibles.candidates(kind, for: id, text, by: visit.caller).map { CandidateRow($0, kind, id, visit) }
            }
        let rows = found.items.map { PermissibleRow($0, id, visit) }
        let filters = FilterBar(
            visit, search: "Find something to grant", hint: kind == .user ? "Id, name or e-mail" : "Id or name",
            choices: [.choice("kind", "Kind", kind.rawValue, ObjectKind.allCases.map { ($0.rawValue, $0.title) })])
        var page = ConsolePage(
            app.name, "permissibles",
            PermissibleList(
                filters: filters, search: candidates.map { CandidateList($0, text ?? "", kind) }, heading: kind.title,
                rows: rows, hasRows: !rows.isEmpty,
                empty: EmptyState(
                    "Reaches no \(kind.words(1)) yet",
                    "What \(app.name) creates stands here, and what you grant it: search for it above."),
                pager: Pager(part, next: found.next)))
        AppFrame(app, visit).fill(&page, "permissibles")
        return .page(page)
    }

    // MARK: - One of them

    @Sendable private func grant(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (id, kind, object) = try Self.place(visit)
        let rights = Rights.named.filter { visit.texts("rights").contains($0.name) }.reduce(into: Rights.read) {
            $0.formUnion($1.right)
        }
        let isNew = try await permissibles.show(kind, object, of: id, by: visit.caller).permissible == nil
        try await permissibles.grant(kind, object, to: id, rights, by: visit.caller)
        return .to(Self.list(id, kind), isNew ? .granted : .saved)
    }

    @Sendable private func transfer(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (id, kind, object) = try Self.place(visit)
        return try await visit.saving {
            guard let heir = visit.integer("transfer_to") else {
                throw DirectoryError.invalid([FieldProblem("transfer_to", "Choose an app")])
            }
            try await apps.transfer(kind, object, from: id, to: heir, by: visit.caller)
            return .to(Self.list(id, kind), .transferred)
        } otherwise: {
            try await show(visit, $0)
        }
    }

    private func show(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let (id, kind, objectID) = try Self.place(visit)
        let app = try await apps.show(id, by: visit.caller)
        let (object, permissible) = try await permissibles.show(kind, objectID, of: id, by: visit.caller)
        let others = try await apps.list(PageRequest(limit: 200), by: visit.caller).items.filter { $0.id != id }
        let action = visit.href("platform_apps/\(id)/permissibles/\(kind.rawValue)/\(objectID)")
        let held = permissible?.rights ?? .read
        var page = ConsolePage(
            object.title(kind), "permissible",
            PermissibleDetail(
                facts: [
                    .links("Object", [PageLink("\(kind.title(one: true)) \(objectID)", visit.href("\(kind.path)/\(objectID)"))]),
                    .text("E-mail", object.email),
                    .text("How it came to it", permissible.map { $0.origin == "created" ? "created it" : "was granted it" }),
                    .moment("Since", permissible.map { Moment($0.createdAt, now: visit.now) }),
                ],
                action: action, boxes: Self.boxes(held), button: permissible == nil ? "Grant" : "Save the rights",
                revocation: permissible.map { _ in
                    DangerZone(
                        "Take it away", "\(app.name) does not reach it any more; the \(kind.words(1)) lives on.",
                        action: action + "/revoke", button: "Take it from \(app.name)")
                },
                transfer: permissible == nil || others.isEmpty
                    ? nil
                    : DangerZone(
                        "Transfer", "Another app gets it with these rights, and \(app.name) does not reach it any more.",
                        action: action + "/transfer", button: "Transfer this \(kind.words(1))",
                        fields: [
                            .choice(
                                "transfer_to", "To", visit.text("transfer_to"),
                                [("", "Choose an app")] + others.map { ("\($0.id)", $0.name) }, problems)
                        ])))
        page.above = PageLink(
            "Permissibles of \(app.name)", visit.href("platform_apps/\(id)/permissibles", ["kind": kind.rawValue]))
        page.subtitle = permissible == nil ? "Not reached by \(app.name) yet" : "What \(app.name) may do with it"
        page.notice = problems.notice(besides: ["transfer_to"])
        return page
    }

    /// The rights as boxes. Reading is what every other right begins with.
    private static func boxes(_ held: Rights) -> [Field] {
        let words = [
            "write": "Write: change it", "impersonate": "Impersonate: token, login link, password and e-mail",
            "delete": "Delete it",
        ]
        return Rights.named.compactMap { name, right in
            words[name].map { .checkbox("rights[]", $0, held.contains(right), value: name) }
        }
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let value = self else { return nil }
        return try await transform(value)
    }
}
