// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import Pages
import SignIn

/// Signing in, by password and then by code where there is an authenticator, and out.
struct SignInPages: Sendable {
    let directory: Directory
    let service: SuperAdminSignIn

    func addRoutes(to frame: Frame) {
        frame.openPage("sign_in") { visit in try await show(visit) }
        frame.openAct("sign_in") { visit in try await signIn(visit) }
        frame.openPage("sign_in/code") { visit in try await showCode(visit) }
        frame.openAct("sign_in/code") { visit in try await complete(visit) }
        frame.act("sign_out", in: nil) { visit in try await signOut(visit) }
    }

    // MARK: - Password

    private func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        if let token = visit.token, try await directory.superAdminSessions.session(token.proof) != nil {
            return .response(.seeOther(visit.desk.base + back(visit).text))
        }
        if try await directory.superAdmins.isEmpty() { return .page(Self.nobody) }
        return .page(passwordPage(visit, nil))
    }

    private func signIn(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let attempt = SuperAdminAttempt(
            email: visit.text("email") ?? "", password: visit.rawText("password") ?? "", address: visit.address,
            userAgent: visit.request.headers[.userAgent], requestID: visit.requestID, replaced: visit.token?.proof)
        do {
            let signedIn = try await service.signIn(attempt)
            return go(visit, signedIn)
        } catch SuperAdminSignInError.throttled(let seconds) {
            return throttled(passwordPage(visit, .throttled(seconds)), visit, seconds)
        } catch is SuperAdminSignInError {
            var page = passwordPage(visit, .error("E-mail or password is wrong."))
            page.status = .unauthorized
            return .page(page)
        }
    }

    private func passwordPage(_ visit: ConsoleVisit, _ notice: Notice?) -> ConsolePage {
        let fields = [
            Field.text("email", "E-mail", visit.text("email"), type: "email", required: true, autocomplete: "username"),
            Field.password("password", "Password", autocomplete: "current-password"),
        ]
        let form = FormPart(visit.href("sign_in"), fields, button: "Sign in", hidden: [kept(visit)])
        var page = ConsolePage("Sign in", "form", form)
        page.subtitle = "The console of Muster, for super admins."
        page.notice = notice
        return page
    }

    // MARK: - Code

    private func showCode(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        guard let token = visit.token, try await directory.superAdminSessions.pending(token.proof) != nil else {
            return .to("sign_in" + QueryText.encoded([("return_to", back(visit).text)]))
        }
        return .page(codePage(visit, [], nil))
    }

    private func complete(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        guard let token = visit.token else { return .to("sign_in") }
        do {
            let signedIn = try await service.complete(
                token.proof, code: visit.text("code") ?? "", requestID: visit.requestID)
            return go(visit, signedIn)
        } catch SuperAdminSignInError.refused {
            let problem = FieldProblem(
                "code", "Not a code that is good now. Each code works once; the next comes within 30 seconds")
            var page = codePage(visit, [problem], nil)
            page.status = .unauthorized
            return .page(page)
        } catch SuperAdminSignInError.throttled(let seconds) {
            return throttled(codePage(visit, [], .throttled(seconds)), visit, seconds)
        } catch SuperAdminSignInError.ended {
            var page = passwordPage(visit, .error("That took too long, or too many codes were wrong. Begin again."))
            page.status = .unauthorized
            return .page(page)
        }
    }

    private func codePage(_ visit: ConsoleVisit, _ problems: [FieldProblem], _ notice: Notice?) -> ConsolePage {
        let field = Field.code("code", "Code", hint: "Six digits of your authenticator, or one of your recovery codes.", problems)
        let form = FormPart(
            visit.href("sign_in/code"), [field], button: "Go on", cancel: visit.href("sign_in"), hidden: [kept(visit)])
        var page = ConsolePage("One step more", "form", form)
        page.notice = notice
        return page
    }

    // MARK: - Out

    private func signOut(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        if let token = visit.token {
            try await directory.superAdminSessions.signOut(token.proof, requestID: visit.requestID)
        }
        let cookies = visit.desk.cookies
        return .response(
            .seeOther(
                visit.href("sign_in", ["flash": Flash.signed_out.rawValue]),
                cookies: [cookies.clearingSession, cookies.clearingFormToken]))
    }

    // MARK: - Common

    private func go(_ visit: ConsoleVisit, _ signedIn: SuperAdminSignedIn) -> ConsoleAnswer {
        let place =
            signedIn.needsCode ? visit.href("sign_in/code", ["return_to": back(visit).text]) : visit.desk.base + back(visit).text
        let cookies = visit.desk.cookies
        return .response(.seeOther(place, cookies: [cookies.setting(signedIn.token), cookies.clearingFormToken]))
    }

    private func throttled(_ page: ConsolePage, _ visit: ConsoleVisit, _ seconds: Int64) -> ConsoleAnswer {
        var page = page
        page.status = .tooManyRequests
        var response = visit.desk.response(page, visit)
        response.headers[.retryAfter] = String(seconds)
        return .response(response)
    }

    private func back(_ visit: ConsoleVisit) -> ReturnPath { ReturnPath(visit.text("return_to")) }

    private func kept(_ visit: ConsoleVisit) -> DangerZone.Hidden {
        DangerZone.Hidden(name: "return_to", value: back(visit).text)
    }

    private static let nobody: ConsolePage = {
        let words = [
            "There is no super admin yet. On the machine that runs Muster, make the first one:",
            "muster admin create you@example.org",
        ]
        return ConsolePage("Welcome to Muster", "message", MessagePage(paragraphs: words, links: []))
    }()
}
