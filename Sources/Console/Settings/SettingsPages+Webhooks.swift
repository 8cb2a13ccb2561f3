// SPDX-License-Identifier: Apache-2.0

import Directory

extension SettingsPages {
    func webhooksPage(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let list = ListVisit(visit, "webhooks")
        let found = try await directory.webhooks.all(list.page, by: try visit.caller)
        let content = WebhooksPage(
            webhooks: found.items.map { WebhookRow($0, visit) }, hasWebhooks: !found.items.isEmpty,
            empty: EmptyState(
                "No webhook yet",
                "A Platform App makes its webhooks itself, by POST /platform/api/v1/webhooks with its access token. They stand here "
                    + "with how they fare, and can be stopped."),
            pager: Pager(list, next: found.next))
        var page = ConsolePage("Webhooks", "settings_webhooks", content)
        page.tabs = tabs(visit, "settings/webhooks")
        return page
    }
}

/// Every app's webhooks; the template is `settings_webhooks`.
struct WebhooksPage: Sendable {
    let webhooks: [WebhookRow]
    let hasWebhooks: Bool
    let empty: EmptyState
    let pager: Pager
}

/// A webhook.
struct WebhookRow: Sendable {
    let address: String
    let app: String
    let appPage: String
    let state: Badge
    let trouble: String?
    let events: String
    let delivered: Moment?
    let act: String
    let button: String
    /// For who hears the buttons only.
    let buttonLabel: String

    init(_ webhook: InstalledWebhook, _ visit: ConsoleVisit) {
        address = Self.address(webhook.url)
        app = webhook.platformAppName
        appPage = visit.href("platform_apps/\(webhook.platformAppID)")
        let hasTrouble = webhook.retrying + webhook.givenUp > 0
        state = webhook.isEnabled ? (hasTrouble ? .bad("Fails") : .good("Enabled")) : .plain("Disabled")
        let text = { (count: Int) in count >= Overview.mostCounted ? "\(count) or more" : "\(count)" }
        let parts = [
            webhook.givenUp > 0 ? "\(text(webhook.givenUp)) given up" : nil,
            webhook.retrying > 0 ? "\(text(webhook.retrying)) tried again" : nil,
        ].compactMap(\.self)
        trouble = parts.isEmpty ? nil : parts.joined(separator: ", ")
        events = webhook.events.joined(separator: ", ")
        delivered = webhook.deliveredAt.map { Moment($0, now: visit.now) }
        act = visit.href("settings/webhooks/\(webhook.id)/\(webhook.isEnabled ? "disable" : "enable")")
        button = webhook.isEnabled ? "Disable" : "Enable"
        buttonLabel = "the webhook of \(webhook.platformAppName) to \(address)"
    }

    /// Credentials can hide behind the question mark.
    static func address(_ url: String) -> String { String(url.prefix { $0 != "?" }) }
}
