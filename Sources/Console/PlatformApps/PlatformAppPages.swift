// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// Platform Apps: the list, one of them with its settings, and what makes or ends one.
struct PlatformAppPages: Sendable {
    /// Apps on a page: what each reaches is counted for the list.
    static let pageLength = 20

    let apps: PlatformAppStore

    func addRoutes(to frame: Frame) {
        frame.page("platform_apps", in: .platformApps, list)
        frame.page("platform_apps/new", in: .platformApps) { visit in .page(creation(visit, PlatformAppForm())) }
        frame.act("platform_apps/new", in: .platformApps, confirmed: true, create)
        frame.page("platform_apps/:id", in: .platformApps) { visit in .page(try await show(visit)) }
        frame.act("platform_apps/:id", in: .platformApps, save)
        frame.act("platform_apps/:id/disable", in: .platformApps) { visit in
            let id = try visit.pathID()
            try await apps.disable(id, by: visit.caller)
            return .to("platform_apps/\(id)", .disabled)
        }
        frame.act("platform_apps/:id/enable", in: .platformApps) { visit in
            let id = try visit.pathID()
            try await apps.enable(id, by: visit.caller)
            return .to("platform_apps/\(id)", .enabled)
        }
        addEndRoutes(to: frame)
    }

    // MARK: - The list

    @Sendable private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let text = visit.text("q")
        let part = ListVisit(visit, "platform_apps?\(text ?? "")", limit: Self.pageLength)
        let found = try await apps.list(part.page, text: text, by: visit.caller)
        let rows = found.items.map { PlatformAppRow($0, visit) }
        let empty =
            text == nil && part.isFirst
            ? EmptyState(
                "No Platform App yet",
                "A Platform App is a piece of software that owns users and accounts, and calls the Platform API with its token.",
                PageLink("New Platform App", visit.href("platform_apps/new")))
            : EmptyState("No app is named so", "Part of the name is enough, in upper or lower case.")
        var page = ConsolePage(
            "Platform Apps", "platform_apps",
            PlatformAppList(
                filters: FilterBar(visit, search: "Search apps", hint: "Name"), rows: rows, hasRows: !rows.isEmpty, empty: empty,
                pager: Pager(part, next: found.next, newestFirst: true)))
        page.actions = [PageLink("New Platform App", visit.href("platform_apps/new"))]
        return .page(page)
    }

    // MARK: - A new one

    @Sendable private func create(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let form = PlatformAppForm(visit)
        return try await visit.saving {
            let app = try await apps.create(form.draft, by: visit.caller)
            return .page(
                IssuedPage.page(
                    "Platform App created", token: app.accessToken, of: "\(app.name)",
                    text: "Its software sends this token in the header api_access_token, or as Authorization: Bearer.",
                    links: [
                        PageLink("Open \(app.name)", visit.href("platform_apps/\(app.id)")),
                        PageLink("All Platform Apps", visit.href("platform_apps")),
                    ]))
        } otherwise: {
            creation(visit, form, $0)
        }
    }

    private func creation(_ visit: ConsoleVisit, _ form: PlatformAppForm, _ problems: [FieldProblem] = []) -> ConsolePage {
        var page = ConsolePage(
            "New Platform App", "platform_app_new",
            PlatformAppCreation(
                action: visit.href("platform_apps/new"),
                name: .text(
                    "name", "Name", form.name, hint: "Policies name their app by it, and the audit trail tells it.",
                    required: true,
                    problems),
                calls: form.callsField(problems), token: TokenFields(form.token, problems),
                cancel: visit.href("platform_apps")))
        page.above = PageLink("Platform Apps", visit.href("platform_apps"))
        page.notice = problems.notice(besides: ["name", "calls_per_minute"] + TokenFields.names)
        return page
    }

    // MARK: - One of them

    @Sendable private func save(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (id, form) = (try visit.pathID(), PlatformAppForm(visit))
        return try await visit.saving {
            try await apps.update(id, form.update, by: visit.caller)
            return .to("platform_apps/\(id)", .saved)
        } otherwise: {
            try await show(visit, form, $0)
        }
    }

    private func show(
        _ visit: ConsoleVisit, _ sent: PlatformAppForm? = nil, _ problems: [FieldProblem] = []
    ) async throws -> ConsolePage {
        let app = try await apps.show(try visit.pathID(), by: visit.caller)
        let form = sent ?? PlatformAppForm(app)
        var page = ConsolePage(
            app.name, "platform_app",
            PlatformAppDetail(
                facts: facts(app, visit), action: visit.href("platform_apps/\(app.id)"),
                fields: [
                    .text(
                        "name", "Name", form.name, hint: "Policies that name the app by its former name must be changed too.",
                        required: true, problems),
                    form.callsField(problems),
                    .text(
                        "login_link_seconds", "Login links live, seconds", form.loginLinkSeconds, type: "number",
                        hint: "30 to 3600", required: true, problems),
                    .checkbox(
                        "reveals_user_tokens", "Answers show users' access tokens", form.revealsUserTokens,
                        hint: "If not, a user's token is told on creation and on demand only.", problems),
                ], access: access(app, visit)))
        AppFrame(app, visit).fill(&page, "settings")
        page.notice = problems.notice(besides: ["name", "calls_per_minute", "login_link_seconds", "reveals_user_tokens"])
        return page
    }

    private func facts(_ app: PlatformApp, _ visit: ConsoleVisit) -> [Fact] {
        let reach = ObjectKind.allCases.map { kind in
            PageLink(
                "\(app.reach[kind].words) \(kind.words(app.reach[kind].value))",
                visit.href("platform_apps/\(app.id)/permissibles", ["kind": kind.rawValue]))
        }
        return [
            .code("Id", "\(app.id)"), .links("Reaches", reach),
            .links("Live tokens", [PageLink("\(app.liveTokens)", visit.href("platform_apps/\(app.id)/tokens"))]),
            .moment("Last used", app.lastUsedAt.map { Moment($0, now: visit.now) }),
            .moment("Created", Moment(app.createdAt, now: visit.now)),
        ]
    }

    private func access(_ app: PlatformApp, _ visit: ConsoleVisit) -> DangerZone {
        app.disabled
            ? DangerZone(
                "Enable", "Its tokens are accepted again, those that live.",
                action: visit.href("platform_apps/\(app.id)/enable"), button: "Enable \(app.name)")
            : DangerZone(
                "Disable", "For a while or until you know more: nothing is lost, and it can be enabled again.",
                effects: [
                    "All calls with its \(app.liveTokens) live token\(app.liveTokens == 1 ? "" : "s") are refused from the next one on",
                    "Its syncs, webhooks and login links stop",
                ],
                action: visit.href("platform_apps/\(app.id)/disable"), button: "Disable \(app.name)")
    }
}
