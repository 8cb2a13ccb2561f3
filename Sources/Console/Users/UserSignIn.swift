// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes

/// How a user signs in: password, login link, access token, sessions.
extension UserPages {
    func addSignInRoutes(to frame: Frame) {
        frame.act("users/:id/login_link", in: .users, confirmed: true, makeLoginLink)
        frame.act("users/:id/login_link/revoke", in: .users) { visit in
            let id = try visit.pathID()
            try await directory.loginLinks.revoke(user: id, by: visit.caller)
            return .to("users/\(id)", .revoked)
        }
        frame.page("users/:id/token", in: .users) { visit in .page(try await rotation(visit)) }
        frame.act("users/:id/token", in: .users, confirmed: true, rotate)
        frame.page("users/:id/password", in: .users) { visit in .page(try await passwordForm(visit, [])) }
        frame.act("users/:id/password", in: .users, confirmed: true, setPassword)
        frame.page("users/:id/sessions", in: .users) { visit in .page(try await sessions(visit)) }
        frame.act("users/:id/sessions/end", in: .users) { visit in
            let id = try visit.pathID()
            try await directory.sessions.end(user: id, session: visit.integer("session"), by: visit.caller)
            return .to("users/\(id)/sessions", .ended)
        }
    }

    func signIn(_ user: User, _ facts: UserFacts, _ visit: ConsoleVisit) -> PageSection {
        let root = visit.href("users/\(user.id)")
        var section = PageSection.facts(
            "Signing in",
            [
                .text("Password", facts.hasPassword ? "set" : nil, none: "none: by login link only"),
                .links("Sessions", [PageLink("\(facts.sessions)", "\(root)/sessions")]),
                .text("Access tokens", facts.tokens == 0 ? nil : "\(facts.tokens)"),
                .moment("Token last used", visit.moment(facts.tokenUsedAt)),
            ])
        section.forms = [ActForm(action: "\(root)/login_link", button: "Make a login link")]
        return section.linking([
            PageLink(facts.hasPassword ? "Change the password" : "Set a password", "\(root)/password"),
            PageLink("Rotate the access token", "\(root)/token"),
        ])
    }

    // MARK: - Login link

    private func makeLoginLink(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        do {
            let link = try await directory.loginLinks.mint(user: id, by: visit.caller)
            var section = PageSection("Login link", "Whoever opens it is signed in as this user, once.")
            section.secret = SecretBox(
                "Good once, until \(Moment(link.expiresAt, now: visit.now).exact)", link.url(publicURL),
                hint: "It is shown now and never again. Send it over a way that only the user reads.")
            section.forms = [
                ActForm(action: visit.href("users/\(id)/login_link/revoke"), button: "Revoke the links that nobody used")
            ]
            return .page(try await show(visit, secrets: [section]))
        } catch DirectoryError.invalid(let problems) {
            var page = try await show(visit)
            page.status = .unprocessableContent
            page.notice = problems.notice(besides: [])
            return .page(page)
        }
    }

    // MARK: - Access token

    private func rotation(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let id = try visit.pathID()
        let user = try await directory.users.show(id, by: visit.caller)
        let facts = try await directory.users.facts(id, by: visit.caller)
        let zone = DangerZone(
            "Rotate the access token", "A new token is made and shown once, here.",
            effects: [
                facts.tokens == 0 ? "The user has no token now" : "Stops " + facts.tokens.of("token") + " at once",
                "Whatever works with the user's token needs the new one",
            ],
            action: visit.href("users/\(id)/token"), button: "Rotate the token")
        var page = ConsolePage("Rotate the token of \(user.name.shownName)?", "object_page", ObjectPage(dangers: [zone]))
        page.above = PageLink(user.name.shownName, visit.href("users/\(id)"))
        return page
    }

    private func rotate(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        var request = TokenRequest()
        request.rotate = true
        let user = try await directory.users.token(try visit.pathID(), request, by: visit.caller)
        guard let secrets = user.secrets else { throw DirectoryError.nonPermissible }
        var section = PageSection("Access token")
        section.secret = SecretBox(
            "The new access token", secrets.accessToken, hint: "The former one is refused from now on.")
        return .page(try await show(visit, secrets: [section]))
    }

    // MARK: - Password

    private func passwordForm(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let user = try await directory.users.show(try visit.pathID(), by: visit.caller)
        let root = visit.href("users/\(user.id)")
        let form = ObjectForm(
            action: "\(root)/password", button: "Set the password", cancel: root,
            groups: [
                .init(
                    nil,
                    [
                        .password(
                            "password", "New password",
                            hint: "Whoever signed in with the former one is signed out. The access token stays.",
                            autocomplete: "new-password", problems)
                    ])
            ])
        var page = ConsolePage("Password of \(user.name.shownName)", "object_form", form)
        page.above = PageLink(user.name.shownName, root)
        page.notice = problems.notice(besides: ["password"])
        return page
    }

    private func setPassword(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            var update = UserUpdate()
            update.password = visit.rawText("password") ?? ""
            _ = try await directory.users.update(id, update, by: visit.caller)
            return .to("users/\(id)", .saved)
        } otherwise: {
            try await passwordForm(visit, $0)
        }
    }

    // MARK: - Sessions

    private func sessions(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let user = try await directory.users.show(try visit.pathID(), by: visit.caller)
        let action = visit.href("users/\(user.id)/sessions/end")
        var table = DataTable("Sessions", ["Browser", "Address", "Began", "Ends", "-Acts"])
        for session in try await directory.sessions.list(user: user.id, by: visit.caller) {
            table.append([
                .text(
                    session.userAgent, faint: session.platformAppID == nil ? nil : "by a login link of an app", none: "unknown"),
                .text(session.address, none: "unknown"), .moment(visit.moment(session.createdAt)),
                .moment(visit.moment(session.expiresAt)),
                .acts(
                    [],
                    [
                        RowForm(
                            action: action, button: "End", about: "the session of \(session.address ?? "an unknown address")",
                            hidden: [DangerZone.Hidden(name: "session", value: "\(session.id)")])
                    ]),
            ])
        }
        var section = PageSection.table(nil, table, none: "The user is signed in nowhere.")
        if table.rows.count > 1 {
            section.forms = [ActForm(action: action, button: "End all \(table.rows.count) sessions")]
        }
        return page(user, "sessions", visit, "object_page", ObjectPage(sections: [section]))
    }
}
