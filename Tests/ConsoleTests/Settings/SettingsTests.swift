// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// What the installation is told, and what it is told here.
struct SettingsTests {
    private func webhook(_ world: TestDirectory, _ app: TestApp, _ url: String) async throws -> Int64 {
        var draft = WebhookDraft()
        draft.url = url
        return try await world.directory.webhooks.create(draft, by: app.caller).id
    }

    @Test func retentionIsSetOrSaysWhatIsWrong() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let page = try await visitor.get("settings")
            #expect(page.body.contains("http://127.0.0.1"))
            let wrong = try await visitor.submit(
                page, "/settings/retention", ["audit_days": "0", "run_days": "many", "delivery_days": "14"])
            #expect(wrong.status == 422)
            #expect(wrong.body.contains("value=\"many\"") && wrong.body.contains("A number of days is wanted"))
            let saved = try await visitor.follow(
                try await visitor.submit(
                    page, "/settings/retention", ["audit_days": "400", "run_days": "", "delivery_days": "7"]))
            #expect(saved.body.contains("Saved.") && saved.body.contains("value=\"400\""))
            let stored = try await site.world.directory.settings.retention(by: .command)
            #expect(stored == Retention(auditDays: 400, runDays: nil, deliveryDays: 7))
        }
    }

    @Test func settingsNeedConfirmationAndAFormOfOurs() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            #expect(try await visitor.post("settings/retention", ["audit_days": "1"]).status == 403)
            let page = try await visitor.get("settings")
            try await site.world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            let asked = try await visitor.submit(page, "/settings/retention", ["audit_days": "1"])
            #expect(asked.status == 403 && asked.body.contains("Is it you?"))
            #expect(try await site.world.directory.settings.retention(by: .command) == Retention())
        }
    }

    @Test func aDataKeyIsAddedAndFormerTokensStayValid() async throws {
        try await withConsole { site in
            let app = try await site.world.app("CRM")
            var visitor = site.visitor()
            let page = try await visitor.get("settings")
            #expect(page.body.contains("Key 1") && !page.body.contains("Key 2"))
            let after = try await visitor.follow(try await visitor.submit(page, "/settings/keys/rotate"))
            #expect(after.body.contains("Key 2"))
            #expect(try await site.world.count("select count(*) from data_keys where retired_at is null") == 1)
            try await site.world.directory.authenticate(app.caller)
            let token = try await site.world.app("Later").token
            #expect(site.world.directory.platformAppCaller(token: token, requestID: nil) != nil)
        }
    }

    @Test func everyAppsWebhooksAreListedAndStopped() async throws {
        try await withConsole { site in
            let app = try await site.world.app("CRM")
            let id = try await webhook(site.world, app, "https://hooks.example.org/in?key=s3cret")
            var visitor = site.visitor()
            let page = try await visitor.get("settings/webhooks")
            #expect(page.body.contains("https://hooks.example.org/in") && !page.body.contains("s3cret"))
            let stopped = try await visitor.follow(try await visitor.submit(page, "/settings/webhooks/\(id)/disable"))
            #expect(stopped.body.contains("Disabled."))
            #expect(try await !site.world.directory.webhooks.show(id, by: app.caller).isEnabled)
            let trail = try await site.world.count(
                "select count(*) from audit_events where action = 'webhook.update' and actor = 'super_admin' and platform_app_id = \(app.id)"
            )
            #expect(trail == 1)
            _ = try await visitor.submit(stopped, "/settings/webhooks/\(id)/enable")
            #expect(try await site.world.directory.webhooks.show(id, by: app.caller).isEnabled)
            #expect(try await visitor.post("settings/webhooks/99/disable").status == 403)
        }
    }

    @Test func pagesInABrowser() async throws {
        try await withConsole { site in
            try await site.browse { browser in
                try browser.open(site.address("settings"))
                try browser.checkPage("settings")
                try browser.open(site.address("settings/webhooks"))
                #expect(try browser.words.contains("No webhook yet"))
                try browser.checkPage("settings-webhooks-empty")
            }
            let app = try await site.world.app("CRM")
            let id = try await webhook(site.world, app, "https://hooks.example.org/in")
            try await site.world.postgres.execute(
                """
                insert into deliveries (webhook_id, type, subject_kind, subject_id, payload, state)
                values (\(id), 'user.created', 'user', 1, '{}', 'failed')
                """)
            try await site.browse { browser in
                try browser.open(site.address("settings/webhooks"))
                try browser.checkPage("settings-webhooks")
                try browser.open(site.address())
                #expect(try browser.words.contains("A webhook of CRM fails: 1 given up"))
                #expect(try browser.words.contains("1 super admin signs in by password alone"))
            }
        }
    }
}
