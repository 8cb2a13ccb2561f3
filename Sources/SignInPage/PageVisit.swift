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
            formToken: formToken, name: user.user.name, email: user.user.email, accounts: accounts, hasAccounts: !accounts.isEmpty
        )
        return LoginPage(heading: "You are signed in", home: home)
    }

    /// The button that redeems a link; asks whoever else is signed in.
    func confirm(id: Int64, name: String, _ current: SignedInUser?) -> LoginPage {
        let other = current?.user.id == id ? nil : current
        let confirm = LoginPage.Confirm(
            formToken: formToken, name: name, email: SessionStore.normalisedEmail(asked.email), linkToken: asked.linkToken,
            current: other.map(Self.person))
        return LoginPage(heading: other == nil ? "Sign in" : "Sign in as somebody else?", confirm: confirm)
    }

    /// E-mail and password, with what went wrong before.
    func form(_ current: SignedInUser?, _ notice: LoginPage.Notice?) -> LoginPage {
        // What a link said is not repeated where the link was no good.
        let email = asked.hasLink ? "" : asked.email
        let form = LoginPage.Form(formToken: formToken, email: email, current: current.map(Self.person))
        return LoginPage(heading: "Sign in", notice: notice, form: form)
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
