// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import Pages
import SignIn
import WebSurface

/// `/app/profile`: a person's own name, password, access token and sessions.
///
/// One address takes every form, and its `act` says which: so the answer to a form may be the page itself.
extension SignInPage {
    func addProfileRoutes(to app: RouterGroup<WebContext>) {
        app.get("profile") { request, context in
            if request.uri.path.hasSuffix("/") { return Response.seeOther("../profile") }
            return try await answering(request, context) { visit in
                let saved = Self.saved[visit.asked.fields.sent("saved")]
                return try await profile(visit) { $0.notice = saved }
            }
        }
        app.post("profile") { request, context in
            try await answering(request, context) { try await act($0, context) }
        }
    }

    /// What is told after an act; a closed list, for its name is in the address.
    private static let saved: [String: LoginPage.Notice] = [
        "name": .info("Your name is saved."), "password": .info("Your password is changed. Other sessions have ended."),
        "session": .info("The session has ended."),
    ]

    private func profile(
        _ visit: PageVisit, status: HTTPResponse.Status = .ok, _ change: (inout ProfilePage) -> Void = { _ in }
    ) async throws -> Response {
        guard let proof = visit.asked.proof, let user = try await current(visit.asked) else { return Response.seeOther("login") }
        let credential = PersonCredential.session(proof, email: nil)
        let password = try await profiles.password(credential)
        var page = ProfilePage(
            user, hasPassword: password.hash != nil, sessions: try await sessions.list(credential), formToken: visit.formToken)
        change(&page)
        return pages.response(page, status: status)
    }

    private func act(_ visit: PageVisit, _ context: WebContext) async throws -> Response {
        let asked = visit.asked
        guard let proof = asked.proof else { return Response.seeOther("login") }
        guard asked.isOurForm else {
            return try await profile(visit, status: .forbidden) {
                $0.notice = .error("This page was out of date. Nothing was done.")
            }
        }
        let own = OwnAct(asked.fields, .session(proof, email: nil), context)
        do {
            return try await carryOut(own, visit)
        } catch DirectoryError.invalidAccessToken {
            return Response.seeOther("login")
        } catch DirectoryError.invalid(let problems) {
            return try await profile(visit, status: .unprocessableContent) { own.show(problems, on: &$0) }
        } catch SignInError.invalidCredentials {
            return try await profile(visit, status: .unprocessableContent) { own.showWrongPassword(on: &$0) }
        } catch SignInError.throttled(let seconds) {
            var answer = try await profile(visit, status: .tooManyRequests) { $0.notice = .throttled(seconds) }
            answer.headers[.retryAfter] = String(seconds)
            return answer
        } catch DirectoryError.stale {
            return try await profile(visit, status: .conflict) {
                $0.notice = .error("Your password was changed meanwhile. Nothing was done.")
            }
        }
    }

    private func carryOut(_ own: OwnAct, _ visit: PageVisit) async throws -> Response {
        switch own.name {
        case "name":
            try await profiles.update(own.profile, own.credential, requestID: own.requestID)
        case "password":
            try await service.changePassword(
                from: own.text("current"), to: own.text("password"), own.credential, address: own.address,
                requestID: own.requestID)
        case "reveal":
            let token = try await service.revealToken(
                password: own.text("proof"), own.credential, address: own.address, requestID: own.requestID)
            return try await profile(visit) { page in
                page.token = token
                if token == nil { page.notice = .info("You have no access token. Rotate it to get one.") }
            }
        case "rotate":
            let token = try await service.rotateToken(
                password: own.text("proof"), own.credential, address: own.address, requestID: own.requestID)
            return try await profile(visit) { page in
                page.token = token
                page.notice = .info("This is your new access token. The former one does not work any more.")
            }
        case "session":
            do {
                try await sessions.end(Int64(own.text("session")) ?? 0, own.credential, requestID: own.requestID)
            } catch DirectoryError.notFound {
                // It ended meanwhile, which is what was asked for.
            }
        default: return try await profile(visit, status: .unprocessableContent)
        }
        return Response.seeOther("profile?saved=\(own.name)")
    }
}

/// One form of the page, as it was sent.
private struct OwnAct {
    let name: String
    let credential: PersonCredential
    let address: String
    let requestID: String?
    private let fields: ParameterReader

    init(_ fields: ParameterReader, _ credential: PersonCredential, _ context: WebContext) {
        self.fields = fields
        self.credential = credential
        name = fields.sent("act")
        address = context.web.remoteAddress
        requestID = context.web.requestID
    }

    func text(_ field: String) -> String { fields.sent(field) }

    var profile: ProfileChange {
        let displayName = text("display_name").trimmed
        return ProfileChange(name: text("name").trimmed, displayName: displayName.isEmpty ? nil : displayName)
    }

    /// Each problem beside its field, and what was typed as it was.
    func show(_ problems: [FieldProblem], on page: inout ProfilePage) {
        func problem(_ attribute: String) -> String? {
            let found = problems.filter { $0.attribute == attribute }.map(\.message)
            return found.isEmpty ? nil : found.joined(separator: ". ")
        }
        if name == "name" {
            page.name = .init(text("name"), problem: problem("name"))
            page.displayName = .init(text("display_name"), problem: problem("display_name"))
        } else {
            page.password = .init("", problem: problem("password"))
        }
    }

    func showWrongPassword(on page: inout ProfilePage) {
        let field = ProfilePage.Field("", problem: "That is not your password")
        if name == "password" { page.current = field } else { page.proof = field }
    }
}

extension ParameterReader {
    /// A text as it was sent; empty for anything else.
    fileprivate func sent(_ key: String) -> String {
        var reader = self
        return reader.string(key).value ?? ""
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
