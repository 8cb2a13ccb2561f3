// SPDX-License-Identifier: Apache-2.0

/// What the page shows. The template reads stored properties by reflection, so there are no computed ones.
struct LoginPage {
    var heading: String
    var notice: Notice?
    /// The button behind a login link.
    var confirm: Confirm?
    /// E-mail and password.
    var form: Form?
    /// Who is signed in.
    var home: Home?
    /// Whether to offer the way back to the sign-in page.
    var back = false
    /// Changes with the style and script, which may be kept for ever.
    var version = ""

    /// Something to be told.
    struct Notice {
        let kind: String
        /// `alert` is read out at once, `status` when there is time.
        let role: String
        let text: String

        static func info(_ text: String) -> Notice { Notice(kind: "info", role: "status", text: text) }
        static func error(_ text: String) -> Notice { Notice(kind: "error", role: "alert", text: text) }
    }

    struct Confirm {
        let formToken: String
        let initials: String
        let name: String
        let email: String
        let linkToken: String
        /// Somebody else, who is signed in.
        let current: Person?
    }

    struct Form {
        /// Above the form, where the page is headed by something else.
        let title: String?
        let formToken: String
        let email: String
        let current: Person?
    }

    struct Home {
        let formToken: String
        let initials: String
        let name: String
        let email: String
        let accounts: [Account]
        let hasAccounts: Bool
    }

    struct Person {
        let id: String
        let name: String
        let email: String
    }

    struct Account {
        let name: String
        let role: String
    }
}
