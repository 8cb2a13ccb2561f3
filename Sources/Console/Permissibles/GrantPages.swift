// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// Granting an object from its own page: apps are searched for, and each is given the object right there.
struct GrantPages: Sendable {
    let apps: PlatformAppStore
    let permissibles: PermissibleStore

    func addRoutes(to frame: Frame) {
        frame.page("grants/:kind/:object", in: .platformApps) { visit in .page(try await search(visit, [])) }
        frame.act("grants/:kind/:object", in: .platformApps) { visit in
            let (kind, object) = try Self.place(visit)
            return try await visit.saving {
                guard let app = visit.integer("app") else {
                    throw DirectoryError.invalid([FieldProblem("app", "Choose an app")])
                }
                let rights: Rights = visit.text("rights") == "write" ? [.read, .write] : .read
                try await permissibles.grant(kind, object, to: app, rights, by: visit.caller)
                return .to("\(kind.path)/\(object)", .granted)
            } otherwise: {
                try await search(visit, $0)
            }
        }
    }

    private static func place(_ visit: ConsoleVisit) throws -> (kind: ObjectKind, object: Int64) {
        guard let kind = ObjectKind(rawValue: try visit.context.pathText("kind")) else { throw DirectoryError.notFound }
        return (kind, try visit.pathID("object"))
    }

    private func search(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let (kind, object) = try Self.place(visit)
        let owners = try await permissibles.owners(of: kind, object, by: visit.caller)
        let text = visit.text("q")
        let part = ListVisit(visit, "grants/\(kind.rawValue)/\(object)?\(text ?? "")")
        let found = try await apps.list(part.page, text: text, by: visit.caller)
        let place = "grants/\(kind.rawValue)/\(object)"
        var table = DataTable("Platform Apps", ["Platform App", "Reaches it", "-Acts"])
        for app in found.items {
            let held = owners.first { $0.appID == app.id }?.rights
            let forms = Self.offers(held).map { label, rights in
                RowForm(
                    action: visit.href(place), button: label, about: "to \(app.name)",
                    hidden: [
                        DangerZone.Hidden(name: "app", value: "\(app.id)"), DangerZone.Hidden(name: "rights", value: rights),
                    ])
            }
            let choice = PageLink(
                held == nil ? "Choose rights" : "Change",
                visit.href("platform_apps/\(app.id)/permissibles/\(kind.rawValue)/\(object)"))
            table.append([
                .link(app.name, visit.href("platform_apps/\(app.id)")), .text(held?.words, none: "not yet"),
                .acts([choice], forms),
            ])
        }
        let empty = EmptyState(
            "No Platform App yet", "Software that calls the Platform API is registered as one.",
            PageLink("New Platform App", visit.href("platform_apps/new")))
        let content = ObjectList(
            FilterBar(visit, search: "Search Platform Apps", hint: "A part of the name", choices: []), table,
            Pager(part, next: found.next, newestFirst: true), empty: empty, kind: "Platform Apps")
        let name = "\(kind.words(1)) \(object)"
        var page = ConsolePage("Grant \(name)", "object_list", content)
        page.above = PageLink("Back to \(name)", visit.href("\(kind.path)/\(object)"))
        page.subtitle = "An app that is given it reaches it from its next call on; it stays with those that have it."
        page.notice = problems.notice(besides: [])
        return page
    }

    /// What one click gives, for an app that does not have as much yet.
    private static func offers(_ held: Rights?) -> [(label: String, rights: String)] {
        guard held == nil else { return [] }
        return [("Grant reading", "read"), ("Grant writing", "write")]
    }
}
