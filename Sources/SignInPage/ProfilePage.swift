// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// What a person's own page shows. The template reads stored properties by reflection.
struct ProfilePage {
    let formToken: String
    let initials: String
    let shownName: String
    let email: String
    var notice: LoginPage.Notice?
    var name: Field
    var displayName: Field
    /// The password that is; absent for who has none.
    var hasPassword: Bool
    var current = Field("")
    var password = Field("")
    /// The password once more, for the token.
    var proof = Field("")
    /// The access token, where it was asked for.
    var token: String?
    let sessions: [ListedSession]
    var version = ""

    /// A field with what was typed and what is wrong with it.
    struct Field {
        let value: String
        var problem: String?

        init(_ value: String, problem: String? = nil) {
            self.value = value
            self.problem = problem
        }
    }

    struct ListedSession {
        let id: String
        let title: String
        let detail: String
        let isCurrent: Bool

        init(_ session: Session) {
            id = String(session.id)
            title = ProfilePage.browser(session.userAgent)
            var detail = "since \(session.createdAt.minute) UTC"
            if let address = session.address { detail += " from \(address)" }
            if session.platformAppID != nil { detail += ", by a login link" }
            self.detail = detail
            isCurrent = session.isCurrent
        }
    }

    init(_ user: SignedInUser, hasPassword: Bool, sessions: [Session], formToken: String) {
        self.formToken = formToken
        self.hasPassword = hasPassword
        initials = PageVisit.initials(user.user.name)
        shownName = user.user.displayName ?? user.user.name
        email = user.user.email
        name = Field(user.user.name)
        displayName = Field(user.user.displayName ?? "")
        self.sessions = sessions.map(ListedSession.init)
    }

    /// What people call the browser that sent this.
    private static func browser(_ userAgent: String?) -> String {
        let names = [("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
        guard let userAgent else { return "Unknown browser" }
        return names.first { userAgent.contains($0.0) }?.1 ?? "Other client"
    }
}

extension Timestamp {
    /// `2026-01-31 09:15`, in UTC.
    fileprivate var minute: String {
        let text = WireTimestamp.text(microseconds: microseconds)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
    }
}
