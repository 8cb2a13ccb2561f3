// SPDX-License-Identifier: Apache-2.0

import Directory

/// One visit to the sign-in page: what was asked, and the token for the forms that it answers with.
struct PageVisit {
    let asked: PageRequest
    let formToken: String

    /// Who is signed in, and where that leads.
    func home(_ user: SignedInUser) -> LoginPage {
        let accounts = user.accounts.map { LoginPage.Account(name: $0.account.name, role: Self.role($0)) }
        let home = LoginPage.Home(
            formToken: formToken, initials: Self.initials(user.user.name), name: user.user.name, email: user.user.email,
            accounts: accounts, hasAccounts: !accounts.isEmpty
        )
        return LoginPage(heading: "You are signed in", home: home)
    }

    /// The button that redeems a link; asks whoever else is signed in.
    func confirm(id: Int64, name: String, _ current: SignedInUser?) -> LoginPage {
        let other = current?.user.id == id ? nil : current
        let confirm = LoginPage.Confirm(
            formToken: formToken, initials: Self.initials(name), name: name, email: SessionStore.normalisedEmail(asked.email),
            linkToken: asked.linkToken,
            current: other.map(Self.person))
        return LoginPage(heading: other == nil ? "Sign in" : "Sign in as \(name) instead?", confirm: confirm)
    }

    /// E-mail and password, with what went wrong before.
    func form(_ current: SignedInUser?, heading: String? = nil, _ notice: LoginPage.Notice?) -> LoginPage {
        // What a link said is not repeated where the link was no good.
        let form = LoginPage.Form(
            title: heading.map { _ in "Sign in with your password" }, formToken: formToken,
            email: asked.hasLink ? "" : asked.email, current: current.map(Self.person))
        return LoginPage(heading: heading ?? "Sign in", notice: notice, form: form)
    }

    /// What is told of a link that does not sign in, to whoever holds it.
    func deadLink(_ state: LoginLinkState, _ current: SignedInUser?) -> LoginPage {
        switch state {
        case .expired:
            form(current, heading: "This link has expired", .error("Ask for a new one, or sign in with your password."))
        case .used:
            form(
                current, heading: "This link was used already",
                .error("Each link works once. Ask for a new one, or sign in with your password."))
        case .revoked:
            form(current, heading: "This link was withdrawn", .error("Ask for a new one, or sign in with your password."))
        case .suspended:
            LoginPage(
                heading: "This user is suspended",
                notice: .error("A suspended user cannot sign in. Your administrator can tell you why."), back: true)
        case .unknown, .ready:
            form(
                current, heading: "This link is not known",
                .error("Make sure that you have copied all of it, ask for a new one, or sign in with your password."))
        }
    }

    /// What stands for a person where there is no picture: the first letters of the first and the last word.
    static func initials(_ name: String) -> String {
        let words = name.split(whereSeparator: \.isWhitespace)
        let ends = words.count > 1 ? [words.first, words.last] : [words.first]
        return ends.compactMap { $0?.first(where: { $0.isLetter || $0.isNumber })?.uppercased() }.joined()
    }

    private static func role(_ account: OpenAccount) -> String {
        if account.customRoleID != nil { return "Custom role" }
        return account.account.role.prefix(1).uppercased() + account.account.role.dropFirst()
    }

    private static func person(_ user: SignedInUser) -> LoginPage.Person {
        LoginPage.Person(id: String(user.user.id), name: user.user.name, email: user.user.email)
    }
}

extension LoginPage {
    /// The request could not be read.
    static let unreadable = LoginPage(
        heading: "That did not work", notice: .error("The request could not be read. Open your link again."), back: true)
    /// The database is away, or too many people are signing in.
    static let unavailable = LoginPage(
        heading: "One moment",
        notice: .error("Signing in is not possible right now. Try again in a moment; a link stays unused."),
        back: true)
}

extension LoginPage.Notice {
    static let wrongPassword = error("E-mail or password is wrong.")
    static let staleForm = error("This page was out of date. Nothing was done: open your link again, or sign in here.")

    static func throttled(_ seconds: Int64) -> LoginPage.Notice {
        let minutes = (seconds + 59) / 60
        return error("Too many attempts failed. Try again in \(minutes) minute\(minutes == 1 ? "" : "s").")
    }
}
