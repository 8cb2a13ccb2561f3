// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

/// Who did what to what, and when; narrowed, and taken away as a file.
struct AuditPages: Sendable {
    let directory: Directory

    func addRoutes(to frame: Frame) {
        frame.page("audit", in: .audit) { visit in try await list(visit) }
        for format in AuditExport.Format.allCases {
            frame.page("audit/export.\(format.rawValue)", in: .audit) { try await export($0, format) }
        }
    }

    private func export(_ visit: ConsoleVisit, _ format: AuditExport.Format) async throws -> ConsoleAnswer {
        let (filter, problems) = AuditFilterForm(visit).filter
        guard problems.isEmpty else { return try await list(visit) }
        let export = AuditExport(directory.auditEvents, filter, by: try visit.caller)
        let day = Moment(microseconds: visit.now, now: visit.now).iso.prefix(10)
        return .response(
            Response(
                status: .ok,
                headers: [
                    .contentType: format.mediaType, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                    .contentDisposition: "attachment; filename=\"muster-audit-\(day).\(format.rawValue)\"",
                ],
                body: ResponseBody { writer in
                    try await export.run(format) { try await writer.write($0) }
                    try await writer.finish(nil)
                }))
    }

    private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let form = AuditFilterForm(visit)
        let (filter, problems) = form.filter
        let list = ListVisit(visit, "audit|\(form.texts.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "|"))")
        let found =
            problems.isEmpty
            ? try await directory.auditEvents.search(filter, list.page, by: try visit.caller) : Page(items: [])
        let isFiltered = !form.texts.isEmpty
        let narrowed = AuditFilterForm.Name.allCases.compactMap { name in form.texts[name].map { (name.rawValue, $0) } }
        let exports = AuditExport.Format.allCases.map { format in
            let place = visit.href("audit/export.\(format.rawValue)")
            return PageLink(format.rawValue.uppercased(), place + QueryText.encoded(narrowed))
        }
        let content = AuditPage(
            filters: FilterBar(visit, search: nil, choices: Self.fields(form, problems)),
            events: found.items.map { AuditRow($0, visit) }, hasEvents: !found.items.isEmpty, exports: exports,
            empty: isFiltered
                ? EmptyState("No such event", "Nothing in the trail is like that.", PageLink("Show all", visit.href("audit")))
                : EmptyState("Nothing yet", "Whatever anybody changes is written down here, with who and when."),
            pager: Pager(list, next: found.next, newestFirst: true))
        var page = ConsolePage("Audit", "audit", content)
        page.subtitle = "Times are UTC"
        if !problems.isEmpty { page.status = .unprocessableContent }
        return .page(page)
    }

    private static func fields(_ form: AuditFilterForm, _ problems: [FieldProblem]) -> [Field] {
        let actors = [
            ("", "Anybody"), ("super_admin", "Super admin"), ("platform_app", "Platform App"), ("source", "Sync source"),
            ("command", "Command"),
        ]
        let objects = [("", "Anything")] + AuditFilterForm.objectKinds.map { ($0, AuditRow.kind($0)) }
        let fields: [Field] = [
            .choice("actor", "Who", form.texts[.actor], actors, problems),
            .text("actor_id", "Who: id", form.texts[.actorID], maximumLength: 19, problems),
            .text("action", "Action, or its beginning", form.texts[.action], maximumLength: 100, problems),
            .choice("object", "On what", form.texts[.object], objects, problems),
            .text("object_id", "On what: id", form.texts[.objectID], maximumLength: 19, problems),
            .text("from", "From (2026-01-31)", form.texts[.from], maximumLength: 30, problems),
            .text("until", "Until (2026-01-31)", form.texts[.until], maximumLength: 30, problems),
        ]
        return fields.map { field in
            // Of filters every one is.
            var field = field
            field.isOptional = false
            return field
        }
    }
}

/// The trail, the newest first; the template is `audit`.
struct AuditPage: Sendable {
    let filters: FilterBar
    let events: [AuditRow]
    let hasEvents: Bool
    let exports: [PageLink]
    let empty: EmptyState
    let pager: Pager
}

/// An event.
struct AuditRow: Sendable {
    let moment: Moment
    let actor: String
    let actorName: String?
    /// The trail of the same actor.
    let actorTrail: String
    let action: String
    let object: String?
    let objectName: String?
    /// The object's own page.
    let objectPage: String?
    let details: [Detail]
    let hasDetails: Bool
    let request: String?

    /// A field before and after.
    struct Detail: Sendable {
        let name: String
        let before: String?
        let after: String?
    }

    init(_ named: NamedAuditEvent, _ visit: ConsoleVisit) {
        let event = named.event
        moment = Moment(event.at, now: visit.now)
        actor = Self.kind(event.actor) + (event.actorID.map { " \($0)" } ?? "")
        actorName = named.actorName
        actorTrail =
            event.actorID.map { visit.href("audit", ["actor": event.actor, "actor_id": "\($0)"]) }
            ?? visit.href("audit", ["actor": event.actor])
        action = event.action
        object = event.subjectKind.map { Self.kind($0) + (event.subjectID.map { " \($0)" } ?? "") }
        objectName = named.subjectName
        objectPage = event.subjectKind.flatMap { Self.folders[$0] }.flatMap { folder in
            event.subjectID.map { visit.href("\(folder)/\($0)") }
        }
        details = Self.details(event)
        hasDetails = !details.isEmpty
        request = event.requestID
    }

    /// What a kind is called.
    static func kind(_ kind: String) -> String {
        switch kind {
        case "platform_app": "Platform App"
        case "agent_bot": "Agent bot"
        case "super_admin": "Super admin"
        case "access_token": "Access token"
        default: kind.prefix(1).uppercased() + kind.dropFirst().replacing("_", with: " ")
        }
    }

    private static let folders = [
        "user": "users", "account": "accounts", "agent_bot": "agent_bots", "platform_app": "platform_apps", "run": "sync/runs",
    ]

    /// Fields that differ; of what is new or gone, all.
    private static func details(_ event: AuditEvent) -> [Detail] {
        let (before, after) = (JSONWords.lines(event.before), JSONWords.lines(event.after))
        let names = after.map(\.name) + before.map(\.name).filter { name in !after.contains { $0.name == name } }
        return names.compactMap { name in
            let (old, new) = (before.first { $0.name == name }?.value, after.first { $0.name == name }?.value)
            return old == new ? nil : Detail(name: name, before: old, after: new)
        }
    }
}

extension AuditFilterForm {
    init(_ visit: ConsoleVisit) {
        var texts: [Name: String] = [:]
        for name in Name.allCases { texts[name] = visit.text(name.rawValue) }
        self.init(texts)
    }
}

extension HTTPField.Name {
    fileprivate static let xContentTypeOptions = HTTPField.Name("X-Content-Type-Options")!
}
