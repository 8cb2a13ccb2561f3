// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets

/// The authenticator of whoever is signed in: set up, recovery codes, out of use.
struct AuthenticatorPages: Sendable {
    let directory: Directory

    func addRoutes(to frame: Frame) {
        frame.page("profile/authenticator", in: nil) { visit in .page(try await show(visit)) }
        frame.act("profile/authenticator/begin", in: nil, confirmed: true) { visit in
            .page(setUp(visit, try await directory.superAdmins.beginTOTP(by: try visit.caller), []))
        }
        frame.act("profile/authenticator/verify", in: nil, confirmed: true) { visit in try await verify(visit) }
        frame.act("profile/authenticator/codes", in: nil, confirmed: true) { visit in
            let codes = try await directory.superAdmins.renewRecoveryCodes(by: try visit.caller)
            return .page(recoveryCodes(visit, codes, "Your former recovery codes are of no use any more."))
        }
        frame.act("profile/authenticator/disable", in: nil, confirmed: true) { visit in
            try await directory.superAdmins.disableTOTP(by: try visit.caller)
            return .to("profile/authenticator", .disabled)
        }
    }

    private func show(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let admin = try await directory.superAdmins.show(try visit.superAdminID, by: try visit.caller)
        let begin = FormPart(visit.href("profile/authenticator/begin"), [], button: "Set up an authenticator")
        let renew = FormPart(visit.href("profile/authenticator/codes"), [], button: "Make new recovery codes").quiet
        let danger = DangerZone(
            "Put it out of use", "From then on your password alone signs you in.",
            effects: ["Your \(admin.recoveryCodesLeft) recovery codes are of no use any more"],
            action: visit.href("profile/authenticator/disable"), button: "Put the authenticator out of use")
        let content = AuthenticatorPage(
            begin: admin.hasTOTP ? nil : begin, renew: admin.hasTOTP ? renew : nil, danger: admin.hasTOTP ? danger : nil,
            codesLeft: admin.recoveryCodesLeft)
        return page("Authenticator", "authenticator", content, visit, [admin.hasTOTP ? .good("In use") : .warning("Not in use")])
    }

    private func verify(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            let codes = try await directory.superAdmins.confirmTOTP(code: visit.text("code") ?? "", by: try visit.caller)
            return .page(recoveryCodes(visit, codes, "The authenticator is in use. Your other sessions have ended."))
        } otherwise: { problems in
            setUp(visit, try await directory.superAdmins.begunTOTP(by: try visit.caller), problems)
        }
    }

    private func setUp(_ visit: ConsoleVisit, _ enrolment: TOTPEnrolment, _ problems: [FieldProblem]) -> ConsolePage {
        let code = Field.code("code", "Code", hint: "The six digits that the authenticator shows now.", problems)
        let content = EnrolmentPage(
            picture: QRCode(enrolment.uri).map(QRPicture.init),
            secret: SecretBox(
                "Key, to be typed in where no picture can be taken", Self.grouped(enrolment.reveal()),
                hint: "Time based, six digits, SHA-1, 30 seconds: what authenticators take for granted."),
            verify: FormPart(
                visit.href("profile/authenticator/verify"), [code], button: "Take it into use",
                cancel: visit.href("profile/authenticator")))
        return page("Set up an authenticator", "enrolment", content, visit, [])
    }

    private func recoveryCodes(_ visit: ConsoleVisit, _ codes: [RecoveryCode], _ words: String) -> ConsolePage {
        let content = RecoveryCodesPage(
            words: words, codes: codes.map { $0.reveal() }, next: PageLink("I have kept them", visit.href("profile")))
        return page("Your recovery codes", "recovery_codes", content, visit, [])
    }

    private func page(
        _ title: String, _ template: String, _ content: any Sendable, _ visit: ConsoleVisit, _ badges: [Badge]
    ) -> ConsolePage {
        var page = ConsolePage(title, template, content)
        page.above = PageLink("Your profile", visit.href("profile"))
        page.badges = badges
        return page
    }

    /// In groups of four, as one types.
    private static func grouped(_ secret: String) -> String {
        var text = ""
        for (position, character) in secret.enumerated() {
            if position > 0, position % 4 == 0 { text.append(" ") }
            text.append(character)
        }
        return text
    }
}

/// What the page of the authenticator shows.
struct AuthenticatorPage: Sendable {
    let begin: FormPart?
    let renew: FormPart?
    let danger: DangerZone?
    let codesLeft: Int64
}

/// A secret on its way into an authenticator.
struct EnrolmentPage: Sendable {
    let picture: QRPicture?
    let secret: SecretBox
    let verify: FormPart
}

/// Recovery codes, shown once.
struct RecoveryCodesPage: Sendable {
    let words: String
    let codes: [String]
    let next: PageLink
}

/// A QR code as the path of an SVG, with the four light modules around it that the standard wants.
struct QRPicture: Sendable {
    let side: Int
    let path: String

    init(_ code: QRCode) {
        side = code.width + 8
        var path = ""
        for row in 0..<code.width {
            for column in 0..<code.width where code[column, row] { path += "M\(column + 4) \(row + 4)h1v1h-1z" }
        }
        self.path = path
    }
}
