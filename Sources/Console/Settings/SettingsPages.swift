// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes

/// What the installation is told: by its configuration, which is shown, and here.
struct SettingsPages: Sendable {
    let directory: Directory
    let facts: InstallationFacts
    let publicURL: String

    func addRoutes(to frame: Frame) {
        frame.page("settings", in: .settings) { .page(try await settingsPage($0)) }
        frame.act("settings/retention", in: .settings, confirmed: true) { visit in
            try await visit.saving {
                let (retention, problems) = Self.retention(visit)
                guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
                try await directory.settings.setRetention(retention, by: try visit.caller)
                return .to("settings", .saved)
            } otherwise: {
                try await settingsPage(visit, $0)
            }
        }
        frame.act("settings/keys/rotate", in: .settings, confirmed: true) { visit in
            do {
                _ = try await directory.dataKeys.rotate(by: try visit.caller)
                return .to("settings", .created)
            } catch let error as DataKeyError {
                var page = try await settingsPage(visit)
                page.status = .conflict
                page.notice = .error("No key was added: \(error).")
                return .page(page)
            }
        }
        frame.page("settings/webhooks", in: .settings) { .page(try await webhooksPage($0)) }
        for (verb, isEnabled) in [("disable", false), ("enable", true)] {
            frame.act("settings/webhooks/:id/\(verb)", in: .settings) { visit in
                try await directory.webhooks.setEnabled(try visit.pathID(), isEnabled, by: try visit.caller)
                return .to("settings/webhooks", isEnabled ? .enabled : .disabled)
            }
        }
    }

    func tabs(_ visit: ConsoleVisit, _ current: String) -> [PageLink] {
        [("settings", "General"), ("settings/webhooks", "Webhooks"), ("super_admins", "Super admins")].map { path, label in
            PageLink(label, visit.href(path), isCurrent: path == current)
        }
    }

    private static let periods = [("audit_days", "Audit events"), ("run_days", "Runs"), ("delivery_days", "Deliveries")]

    /// An empty field is for ever.
    private static func retention(_ visit: ConsoleVisit) -> (Retention, [FieldProblem]) {
        var problems: [FieldProblem] = []
        let days = { (name: String) -> Int? in
            guard let text = visit.text(name) else { return nil }
            // Too much for a day is wrong all the same, and said so by the rules.
            if let days = Int(text) { return days }
            problems.append(FieldProblem(name, "A number of days is wanted, or nothing to keep them for ever"))
            return nil
        }
        let retention = Retention(auditDays: days("audit_days"), runDays: days("run_days"), deliveryDays: days("delivery_days"))
        return (retention, problems)
    }

    private func settingsPage(_ visit: ConsoleVisit, _ problems: [FieldProblem]? = nil) async throws -> ConsolePage {
        let stored = try await directory.settings.retention(by: try visit.caller)
        let keys = try await directory.settings.dataKeys(by: try visit.caller)
        let value = { (name: String, days: Int?) in problems == nil ? days.map(String.init) : visit.text(name) }
        let field = { (name: String, label: String, hint: String, days: Int?) in
            Field.text(name, label, value(name, days), type: "number", hint: hint, problems ?? [])
        }
        let content = SettingsPage(
            facts: [
                .code("Public URL", publicURL), .code("Listens at", facts.listen, none: "unknown"),
                .code(
                    "Trusted proxies", facts.trustedProxies.joined(separator: ", "),
                    none: "none: a client’s address is that of its connection"),
                .code("Policies", facts.policies, none: "unknown"),
                .text("Database", facts.isEmbedded ? "the daemon’s own PostgreSQL" : "a PostgreSQL of yours"),
            ],
            keys: keys.map { DataKeyRow($0, visit) }, rotate: visit.href("settings/keys/rotate"),
            save: visit.href("settings/retention"),
            fields: [
                field(
                    "audit_days", "Audit events, days", "Empty: for ever. What is older is removed within the hour, for good.",
                    stored.auditDays),
                field(
                    "run_days", "Runs with their changes and findings, days",
                    "Empty: for ever. The last run of each policy stays, and every run that is not over.", stored.runDays),
                field(
                    "delivery_days", "Deliveries to webhooks, days",
                    "Empty: for ever. They hold people’s data; what is still to be sent stays.", stored.deliveryDays),
            ])
        var page = ConsolePage("Settings", "settings", content)
        page.tabs = tabs(visit, "settings")
        page.notice = problems?.notice(besides: Self.periods.map(\.0))
        return page
    }
}

/// The settings; the template is `settings`.
struct SettingsPage: Sendable {
    let facts: [Fact]
    let keys: [DataKeyRow]
    let rotate: String
    let save: String
    let fields: [Field]
}

/// A data key.
struct DataKeyRow: Sendable {
    let number: Int64
    let state: Badge
    let made: Moment
    let retired: Moment?

    init(_ key: InstalledDataKey, _ visit: ConsoleVisit) {
        number = key.id
        state = key.isCurrent ? .good("Makes new tokens") : .plain("Retired, what it made stays valid")
        made = Moment(key.createdAt, now: visit.now)
        retired = key.retiredAt.map { Moment($0, now: visit.now) }
    }
}
