// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets
import WebSurface

/// The tokens of one Platform App, and issuing one more.
struct AppTokenPages: Sendable {
    let apps: PlatformAppStore
    let tokens: TokenStore

    func addRoutes(to frame: Frame) {
        frame.page("platform_apps/:id/tokens", in: .platformApps, list)
        frame.page("platform_apps/:id/tokens/new", in: .platformApps) { visit in .page(try await issuing(visit, TokenForm())) }
        frame.act("platform_apps/:id/tokens/new", in: .platformApps, confirmed: true, issue)
    }

    @Sendable private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        let app = try await apps.show(id, by: visit.caller)
        let part = ListVisit(visit, "platform_apps/\(id)/tokens")
        var query = TokenQuery(page: part.page)
        (query.ownerKind, query.ownerID) = (.platformApp, id)
        let found = try await tokens.list(query, by: visit.caller)
        var page = ConsolePage(
            app.name, "app_tokens",
            AppTokenList(
                table: found.items.isEmpty ? nil : TokenTable(found.items, "Tokens of \(app.name)", owners: false, visit),
                empty: EmptyState("No token", "Without one, the app's software cannot call."),
                pager: Pager(part, next: found.next, newestFirst: true)))
        AppFrame(app, visit).fill(&page, "tokens")
        page.actions = [PageLink("Issue a token", visit.href("platform_apps/\(id)/tokens/new"))]
        return .page(page)
    }

    @Sendable private func issue(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (id, form) = (try visit.pathID(), TokenForm(visit))
        return try await visit.saving {
            let issued = try await tokens.issue(
                to: id, scopes: form.scopes, expiresIn: form.seconds, problems: form.problems, by: visit.caller)
            let app = try await apps.show(id, by: visit.caller)
            return .page(
                IssuedPage.page(
                    "Token issued", token: issued.accessToken, of: app.name,
                    text: "The app's other tokens stay as they are.",
                    links: [
                        PageLink("Tokens of \(app.name)", visit.href("platform_apps/\(id)/tokens")),
                        PageLink("Open this token", visit.href("access_tokens/\(issued.id)")),
                    ]))
        } otherwise: {
            try await issuing(visit, form, $0)
        }
    }

    private func issuing(
        _ visit: ConsoleVisit, _ form: TokenForm, _ problems: [FieldProblem] = []
    ) async throws -> ConsolePage {
        let app = try await apps.show(try visit.pathID(), by: visit.caller)
        let list = visit.href("platform_apps/\(app.id)/tokens")
        var page = ConsolePage(
            "Issue a token", "app_token_new",
            TokenIssuing(
                action: visit.href("platform_apps/\(app.id)/tokens/new"), token: TokenFields(form, problems), cancel: list))
        page.above = PageLink("Tokens of \(app.name)", list)
        page.subtitle = "To \(app.name)"
        page.notice = problems.notice(besides: TokenFields.names)
        return page
    }
}

/// What the template `app_tokens` shows.
struct AppTokenList: Sendable {
    let table: TokenTable?
    let empty: EmptyState
    let pager: Pager
}

/// What the template `app_token_new` shows.
struct TokenIssuing: Sendable {
    let action: String
    let token: TokenFields
    let cancel: String
}
