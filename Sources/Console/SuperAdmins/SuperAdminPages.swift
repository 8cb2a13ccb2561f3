// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets

/// Those who operate the installation: list, create, keep out, help who lost password or authenticator.
struct SuperAdminPages: Sendable {
    let directory: Directory

    private var admins: SuperAdminStore { directory.superAdmins }

    func addRoutes(to frame: Frame) {
        frame.page("super_admins", in: nil) { visit in .page(try await list(visit)) }
        frame.page("super_admins/new", in: nil) { visit in .page(new(visit, [])) }
        frame.page("super_admins/:id", in: nil) { visit in .page(try await show(visit)) }
        frame.act("super_admins", in: nil, confirmed: true) { visit in try await create(visit) }
        frame.act("super_admins/:id/disable", in: nil, confirmed: true) { visit in
            try await admins.disable(try visit.pathID(), by: try visit.caller)
            return .to("super_admins/\(try visit.pathID())", .disabled)
        }
        frame.act("super_admins/:id/enable", in: nil, confirmed: true) { visit in
            try await admins.enable(try visit.pathID(), by: try visit.caller)
            return .to("super_admins/\(try visit.pathID())", .enabled)
        }
        frame.act("super_admins/:id/end_sessions", in: nil, confirmed: true) { visit in
            try await directory.superAdminSessions.endOthers(of: try visit.pathID(), by: try visit.caller)
            return .to("super_admins/\(try visit.pathID())", .ended)
        }
        frame.act("super_admins/:id/reset_authenticator", in: nil, confirmed: true) { visit in
            try await admins.resetTOTP(of: try visit.pathID(), by: try visit.caller)
            return .to("super_admins/\(try visit.pathID())", .saved)
        }
        frame.act("super_admins/:id/reset_password", in: nil, confirmed: true) { visit in try await resetPassword(visit) }
    }

    // MARK: - Showing

    private func list(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let rows = try await admins.list(by: try visit.caller).map { admin in
            SuperAdminsPage.Row(
                name: admin.name, email: admin.email, href: visit.href("super_admins/\(admin.id)"), badges: Self.badges(admin),
                sessions: admin.sessions, seen: admin.seenAt.map { Moment($0, now: visit.now) })
        }
        var page = ConsolePage("Super admins", "super_admins", SuperAdminsPage(rows: rows))
        page.actions = [PageLink("New super admin", visit.href("super_admins/new"))]
        page.tabs = visit.peopleTabs(current: "super_admins")
        return page
    }

    private func show(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let admin = try await admins.show(try visit.pathID(), by: try visit.caller)
        let here = "super_admins/\(admin.id)"
        let isOwn = admin.id == (try visit.superAdminID)
        let facts = [
            Fact.text("E-mail", admin.email), .moment("Created", Moment(admin.createdAt, now: visit.now)),
            .moment("Last seen", admin.seenAt.map { Moment($0, now: visit.now) }),
            .text("Sessions", admin.sessions == 0 ? nil : "\(admin.sessions)"),
            .text("Authenticator", admin.hasTOTP ? "in use, \(admin.recoveryCodesLeft) recovery codes left" : nil),
        ]
        let content = SuperAdminPage(facts: facts, zones: isOwn ? [] : zones(admin, visit, here), isOwn: isOwn)
        var page = ConsolePage(admin.name, "super_admin", content)
        page.above = PageLink("Super admins", visit.href("super_admins"))
        page.badges = Self.badges(admin)
        return page
    }

    /// What may be done about somebody else.
    private func zones(_ admin: SuperAdmin, _ visit: ConsoleVisit, _ here: String) -> [DangerZone] {
        let sessions = admin.sessions == 0 ? [] : [admin.sessions == 1 ? "1 session ends" : "\(admin.sessions) sessions end"]
        if admin.isDisabled {
            return [
                DangerZone(
                    "Let in again", "Password, authenticator and tokens are as they were.",
                    action: visit.href(here + "/enable"), button: "Let \(admin.name) in again"
                ).gentle
            ]
        }
        var zones: [DangerZone] = []
        if admin.sessions > 0 {
            zones.append(
                DangerZone(
                    "End sessions", "Whoever uses one is signed out, and may sign in again.", effects: sessions,
                    action: visit.href(here + "/end_sessions"), button: "End the sessions of \(admin.name)"
                ).gentle)
        }
        if admin.hasTOTP {
            zones.append(
                DangerZone(
                    "Lost authenticator",
                    "The password alone signs in until another one is set up. Make sure that it is they who ask.",
                    effects: sessions, action: visit.href(here + "/reset_authenticator"),
                    button: "Take the authenticator of \(admin.name) away"))
        }
        zones.append(
            DangerZone(
                "Forgotten password", "A new password is made and shown to you once.", effects: sessions,
                action: visit.href(here + "/reset_password"), button: "Make a new password for \(admin.name)"
            ).gentle)
        zones.append(
            DangerZone(
                "Keep out", "\(admin.name) cannot sign in, and their access tokens are refused, until you let them in again.",
                effects: sessions, action: visit.href(here + "/disable"), button: "Keep \(admin.name) out"))
        return zones
    }

    private func new(_ visit: ConsoleVisit, _ problems: [FieldProblem]) -> ConsolePage {
        let fields = [
            Field.text("email", "E-mail", visit.text("email"), type: "email", required: true, problems),
            Field.text("name", "Name", visit.text("name"), required: true, problems),
        ]
        let form = FormPart(
            visit.href("super_admins"), fields, button: "Create super admin", cancel: visit.href("super_admins"))
        var page = ConsolePage("New super admin", "form", form)
        page.above = PageLink("Super admins", visit.href("super_admins"))
        page.subtitle = "May do everything here. A password is made, and shown to you once."
        page.notice = problems.notice(besides: ["email", "name"])
        return page
    }

    // MARK: - Doing

    private func create(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            let password = Self.password()
            let id = try await admins.create(
                email: visit.text("email") ?? "", name: visit.text("name") ?? "", password: password, by: try visit.caller)
            return .page(secret(visit, "\(visit.text("name") ?? "") is a super admin", password, id))
        } otherwise: {
            new(visit, $0)
        }
    }

    private func resetPassword(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        let admin = try await admins.show(id, by: try visit.caller)
        let password = Self.password()
        try await admins.resetPassword(of: id, to: password, by: try visit.caller)
        return .page(secret(visit, "A new password for \(admin.name)", password, id))
    }

    private func secret(_ visit: ConsoleVisit, _ title: String, _ password: String, _ id: Int64) -> ConsolePage {
        let content = SecretsPage(
            paragraphs: ["Give it to them on a way that nobody else reads. They should change it, and set up an authenticator."],
            secrets: [SecretBox("Password", password, hint: "It is not shown again.")],
            next: PageLink("Done", visit.href("super_admins/\(id)")))
        var page = ConsolePage(title, "secrets", content)
        page.above = PageLink("Super admins", visit.href("super_admins"))
        return page
    }

    /// 119 random bits, with a mark for the policy.
    private static func password() -> String { SecureRandom.base62(10) + "-" + SecureRandom.base62(10) + "7aA" }

    private static func badges(_ admin: SuperAdmin) -> [Badge] {
        admin.isDisabled ? [.bad("Kept out")] : admin.hasTOTP ? [] : [.warning("Password only")]
    }
}

/// The list of super admins.
struct SuperAdminsPage: Sendable {
    let rows: [Row]

    struct Row: Sendable {
        let name: String
        let email: String
        let href: String
        let badges: [Badge]
        let sessions: Int64
        let seen: Moment?
    }
}

/// One super admin.
struct SuperAdminPage: Sendable {
    let facts: [Fact]
    let zones: [DangerZone]
    let isOwn: Bool
}
