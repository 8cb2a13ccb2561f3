// SPDX-License-Identifier: Apache-2.0

import Directory
import SignIn

/// What super admins do for themselves: name, password, authenticator, sessions.
struct ProfilePages: Sendable {
    let directory: Directory
    let service: SuperAdminSignIn

    func addRoutes(to frame: Frame) {
        frame.page("profile", in: nil) { visit in .page(try await profile(visit)) }
        frame.act("profile", in: nil) { visit in try await rename(visit) }
        frame.act("profile/password", in: nil) { visit in try await changePassword(visit) }
        frame.act("profile/sessions/:id/end", in: nil) { visit in
            try await directory.superAdminSessions.end(try visit.pathID(), of: try visit.superAdminID, by: try visit.caller)
            return .to("profile", .ended)
        }
        frame.act("profile/sessions/end_others", in: nil) { visit in
            try await directory.superAdminSessions.endOthers(of: try visit.superAdminID, by: try visit.caller)
            return .to("profile", .ended)
        }
    }

    // MARK: - Showing

    private func profile(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let admin = try await directory.superAdmins.show(try visit.superAdminID, by: try visit.caller)
        let sessions = try await directory.superAdminSessions.list(of: admin.id, by: try visit.caller)
        let content = ProfilePage(
            rename: FormPart(
                visit.href("profile"), [.text("name", "Name", visit.text("name") ?? admin.name, required: true, problems)],
                button: "Save name"
            ).quiet,
            password: FormPart(
                visit.href("profile/password"),
                [
                    .password("old_password", "Password now", autocomplete: "current-password", problems),
                    .password(
                        "password", "New password", hint: "Other sessions of yours end.", autocomplete: "new-password", problems),
                ], button: "Change password"
            ).quiet,
            hasTOTP: admin.hasTOTP, codesLeft: admin.recoveryCodesLeft, authenticator: visit.href("profile/authenticator"),
            sessions: sessions.map { SessionRow($0, visit, end: visit.href("profile/sessions/\($0.id)/end")) },
            endOthers: sessions.count > 1 ? visit.href("profile/sessions/end_others") : nil)
        var page = ConsolePage("Your profile", "profile", content)
        page.subtitle = admin.email
        page.tabs = visit.peopleTabs(current: "profile")
        if !admin.hasTOTP, !problems.isEmpty || visit.text("flash") == nil {
            page.notice = .warning("A password alone protects this console. Set up an authenticator: it takes a minute.")
        }
        page.notice = problems.notice(besides: ["name", "password", "old_password"]) ?? page.notice
        return page
    }

    // MARK: - Doing

    private func rename(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            try await directory.superAdmins.rename(
                try visit.superAdminID, name: visit.text("name") ?? "", by: try visit.caller)
            return .to("profile", .saved)
        } otherwise: {
            try await profile(visit, $0)
        }
    }

    private func changePassword(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            guard let token = visit.token else { throw DirectoryError.invalidAccessToken }
            do {
                try await service.changePassword(
                    token.proof, from: visit.rawText("old_password") ?? "", to: visit.rawText("password") ?? "",
                    requestID: visit.requestID)
            } catch SuperAdminSignInError.refused {
                throw DirectoryError.invalid([FieldProblem("old_password", "This is not your password")])
            } catch SuperAdminSignInError.ended {
                throw DirectoryError.invalidAccessToken
            } catch SuperAdminSignInError.throttled(let seconds) {
                throw DirectoryError.invalid([FieldProblem("old_password", Notice.throttled(seconds).text)])
            }
            return .to("profile", .saved)
        } otherwise: {
            try await profile(visit, $0)
        }
    }
}

/// What the profile shows.
struct ProfilePage: Sendable {
    let rename: FormPart
    let password: FormPart
    let hasTOTP: Bool
    let codesLeft: Int64
    let authenticator: String
    let sessions: [SessionRow]
    /// nil when there are no others.
    let endOthers: String?
}

extension ConsoleVisit {
    /// The super admin who is signed in.
    var superAdminID: Int64 {
        get throws(DirectoryError) {
            guard let session else { throw .invalidAccessToken }
            return session.superAdminID
        }
    }

    /// The pages about people who operate the installation.
    func peopleTabs(current: String) -> [PageLink] {
        [("Your profile", "profile"), ("Super admins", "super_admins")].map {
            PageLink($0.0, href($0.1), isCurrent: $0.1 == current)
        }
    }
}
