// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import NIOCore
import SignIn
import WebSurface

/// Asks the person to prove to be there before what reveals or destroys; the template is `confirm`.
///
/// The page repeats the act's form unseen, so that it goes on by itself once the proof is given. A password of that form is not
/// written into the page but asked for again.
struct ConfirmationPage: Sendable {
    let action: String
    let kept: [DangerZone.Hidden]
    let again: [Field]
    let proof: Field
    let cancel: String
}

extension Desk {
    /// The name of the field with the password or code.
    static let confirmationField = "confirmation"

    /// Takes the proof that was sent along with an act.
    ///
    /// - Returns: the page that asks for it; nil when it was good, and the act may go on.
    func confirmation(_ visit: ConsoleVisit, _ session: SuperAdminSession) async throws -> ConsolePage? {
        var problems: [FieldProblem] = []
        var notice = Notice.info("This reveals a secret or cannot be undone. Prove that it is you, and it goes on.")
        var status = HTTPResponse.Status.forbidden
        if let token = visit.token, let answer = visit.rawText(Self.confirmationField), !answer.isEmpty {
            do {
                try await signIn.confirm(token.proof, with: answer, requestID: visit.context.web.requestID)
                return nil
            } catch SuperAdminSignInError.refused {
                problems = [
                    FieldProblem(Self.confirmationField, session.hasTOTP ? "Not a code that is good now" : "Wrong password")
                ]
            } catch SuperAdminSignInError.ended {
                throw DirectoryError.invalidAccessToken
            } catch SuperAdminSignInError.throttled(let seconds) {
                notice = .throttled(seconds)
                status = .tooManyRequests
            }
        }
        var page = ConsolePage("Is it you?", "confirm", content(visit, session, problems))
        page.status = status
        page.notice = notice
        return page
    }

    private func content(
        _ visit: ConsoleVisit, _ session: SuperAdminSession, _ problems: [FieldProblem]
    ) -> ConfirmationPage {
        let own = ["form_token", Self.confirmationField]
        let sent = FormPairs.read(visit.context.web.body.readableBytesView).filter { !own.contains($0.name) }
        let secret = sent.filter { $0.name.contains("password") && !$0.value.isEmpty }
        let kept = sent.filter { pair in !secret.contains { $0.name == pair.name } }
        return ConfirmationPage(
            action: visit.path, kept: kept.map { DangerZone.Hidden(name: $0.name, value: $0.value) },
            again: secret.map { Field.password($0.name, "The new password, once more", autocomplete: "new-password") },
            proof: session.hasTOTP
                ? .code(Self.confirmationField, "Code of your authenticator, or a recovery code", problems)
                : .password(Self.confirmationField, "Your password", autocomplete: "current-password", problems),
            cancel: visit.path)
    }
}

extension Notice {
    /// Too many tries have failed.
    static func throttled(_ seconds: Int64) -> Notice {
        let minutes = (seconds + 59) / 60
        return .error("Too many attempts failed. Try again in \(minutes) minute\(minutes == 1 ? "" : "s").")
    }
}
