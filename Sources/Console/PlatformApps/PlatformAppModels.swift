// SPDX-License-Identifier: Apache-2.0

import Directory

/// What the template `platform_apps` shows.
struct PlatformAppList: Sendable {
    let filters: FilterBar
    let rows: [PlatformAppRow]
    let hasRows: Bool
    let empty: EmptyState
    let pager: Pager
}

/// An app in the list.
struct PlatformAppRow: Sendable {
    let name: String
    let href: String
    let badge: Badge?
    let users: String
    let accounts: String
    let agentBots: String
    let tokens: String
    let lastUsed: Moment?

    init(_ app: PlatformApp, _ visit: ConsoleVisit) {
        name = app.name
        href = visit.href("platform_apps/\(app.id)")
        badge = app.disabled ? .bad("Disabled") : nil
        users = app.reach.users.words
        accounts = app.reach.accounts.words
        agentBots = app.reach.agentBots.words
        tokens = "\(app.liveTokens)"
        lastUsed = app.lastUsedAt.map { Moment($0, now: visit.now) }
    }
}

/// What the template `platform_app_new` shows.
struct PlatformAppCreation: Sendable {
    let action: String
    let name: Field
    let calls: Field
    let token: TokenFields
    let cancel: String
}

/// What the template `platform_app` shows.
struct PlatformAppDetail: Sendable {
    let facts: [Fact]
    let action: String
    let fields: [Field]
    let access: DangerZone
}

/// What stands around every page of one app: its name, whether it is let in, and its other pages.
struct AppFrame: Sendable {
    let app: PlatformApp
    let visit: ConsoleVisit

    init(_ app: PlatformApp, _ visit: ConsoleVisit) {
        (self.app, self.visit) = (app, visit)
    }

    /// - Parameter tab: the page itself, one of `settings`, `permissibles`, `tokens` and `end`.
    func fill(_ page: inout ConsolePage, _ tab: String) {
        let path = "platform_apps/\(app.id)"
        page.above = PageLink("Platform Apps", visit.href("platform_apps"))
        page.badges = app.disabled ? [.bad("Disabled")] : []
        page.tabs = [
            PageLink("Settings", visit.href(path), isCurrent: tab == "settings"),
            PageLink("Permissibles", visit.href(path + "/permissibles"), isCurrent: tab == "permissibles"),
            PageLink("Tokens", visit.href(path + "/tokens"), isCurrent: tab == "tokens"),
            PageLink("Transfer and deletion", visit.href(path + "/end"), isCurrent: tab == "end"),
        ]
    }
}

/// An app's forms as they were sent, or as they begin.
struct PlatformAppForm: Sendable {
    var name = ""
    var callsPerMinute = ""
    var loginLinkSeconds = ""
    var revealsUserTokens = true
    var token = TokenForm()

    init() {}

    init(_ visit: ConsoleVisit) {
        name = visit.text("name") ?? ""
        callsPerMinute = visit.text("calls_per_minute") ?? ""
        loginLinkSeconds = visit.text("login_link_seconds") ?? ""
        revealsUserTokens = visit.flag("reveals_user_tokens")
        token = TokenForm(visit)
    }

    init(_ app: PlatformApp) {
        name = app.name
        callsPerMinute = app.settings.callsPerMinute.map(String.init) ?? ""
        loginLinkSeconds = "\(app.settings.loginLinkSeconds)"
        revealsUserTokens = app.settings.revealsUserTokens
    }

    var draft: PlatformAppDraft {
        var draft = PlatformAppDraft(name: name)
        draft.problems = token.problems
        (draft.scopes, draft.expiresIn) = (token.scopes, token.seconds)
        draft.callsPerMinute = Self.number(callsPerMinute, "calls_per_minute", "Calls per minute", &draft.problems)
        return draft
    }

    var update: PlatformAppUpdate {
        var update = PlatformAppUpdate(name: name)
        update.revealsUserTokens = revealsUserTokens
        update.callsPerMinute = .some(Self.number(callsPerMinute, "calls_per_minute", "Calls per minute", &update.problems))
        update.loginLinkSeconds = Self.number(loginLinkSeconds, "login_link_seconds", "Login links live", &update.problems)
        if loginLinkSeconds.isEmpty {
            update.problems.append(FieldProblem("login_link_seconds", "Login links live can't be blank"))
        }
        return update
    }

    func callsField(_ problems: [FieldProblem]) -> Field {
        .text(
            "calls_per_minute", "Calls a minute", callsPerMinute, type: "number",
            hint: "With all of its tokens together. Empty: what the configuration says of each token.", problems)
    }

    /// The number in a field; nil for an empty one, and for what is none, which is complained about.
    private static func number(
        _ text: String, _ attribute: String, _ label: String, _ problems: inout [FieldProblem]
    ) -> Int32? {
        if text.isEmpty { return nil }
        guard let number = Int32(text) else {
            problems.append(FieldProblem(attribute, "\(label) must be a whole number"))
            return nil
        }
        return number
    }
}

extension BoundedCount {
    /// The number, with thousands parted: `1,000+`.
    var words: String { Self.grouped(value) + (isMore ? "+" : "") }

    static func grouped(_ number: Int64) -> String {
        var digits = Array(String(number))
        for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
        return String(digits)
    }
}

extension ObjectKind {
    /// The kind in a sentence, after a number.
    func words(_ count: Int64) -> String {
        let one = count == 1
        return switch self {
        case .account: one ? "account" : "accounts"
        case .user: one ? "user" : "users"
        case .agentBot: one ? "agent bot" : "agent bots"
        }
    }
}
