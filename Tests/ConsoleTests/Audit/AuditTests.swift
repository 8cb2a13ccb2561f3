// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Testing
import WebTestSupport

/// The trail is narrowed and taken away; nothing in it runs anywhere.
struct AuditTests {
    /// An event whose texts want to be formulas and markup.
    private func hostile(_ site: ConsoleSite) async throws {
        for name in ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "plain, \"quoted\"\r\nnext"] {
            try await site.world.postgres.execute(
                "insert into audit_events (actor, action, subject_kind, subject_id, request_id) values ('command', \(name), 'user', 1, \(name))"
            )
        }
    }

    @Test func csvCellsAreNoFormulas() async throws {
        try await withConsole { site in
            try await hostile(site)
            var visitor = site.visitor()
            let answer = try await visitor.get("audit/export.csv?actor=command")
            #expect(answer.header("content-type")?.hasPrefix("text/csv") == true)
            #expect(answer.header("content-disposition")?.contains("attachment") == true)
            let lines = answer.body.components(separatedBy: "\r\n")
            #expect(
                lines[0]
                    == "id,created_at,actor,actor_id,actor_name,action,subject_kind,subject_id,subject_name,before,after,request_id"
            )
            for cell in [
                "'=cmd|'/c calc'!A1", "'+1+1", "'-2+3", "'@SUM(A1)", "'\tx", "\"'\rx\"", "\"plain, \"\"quoted\"\"\r\nnext\"",
            ] {
                #expect(answer.body.contains("," + cell + ","), "\(cell)")
            }
            for cell in answer.body.split(separator: ",") { #expect(!"=+-@\t\r".contains(cell.first ?? " ")) }
        }
    }

    @Test func everyFormatHoldsTheSameEvents() async throws {
        try await withConsole { site in
            try await site.world.postgres.execute(
                "insert into audit_events (actor, action, subject_kind, subject_id) select 'command', 'test.event', 'user', n from generate_series(1, 2500) n"
            )
            var visitor = site.visitor()
            let json = try await visitor.get("audit/export.json?action=test.event")
            let array = try #require(try JSONSerialization.jsonObject(with: Data(json.body.utf8)) as? [[String: Any]])
            #expect(array.compactMap { $0["subject_id"] as? Int } == Array((1...2_500).reversed()))
            let lines = try await visitor.get("audit/export.ndjson?action=test.").body.split(separator: "\n")
            #expect(lines.count == 2_500)
            #expect(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) is [String: Any])
            let csv = try await visitor.get("audit/export.csv?action=test&object=user&object_id=7").body
            #expect(csv.components(separatedBy: "\r\n").count == 3)
            let none = try await visitor.get("audit/export.json?action=nothing.like.it").body
            #expect(try (JSONSerialization.jsonObject(with: Data(none.utf8)) as? [Any])?.isEmpty == true)
        }
    }

    @Test func anExportNeedsASession() async throws {
        try await withConsole { site in
            var stranger = site.stranger()
            let answer = try await stranger.get("audit/export.csv")
            #expect(answer.status == 303 && !answer.body.contains("super_admin.create"))
        }
    }

    @Test func filtersNarrowAndSayWhatIsWrong() async throws {
        try await withConsole { site in
            let app = try await site.world.app("CRM")
            _ = try await site.world.directory.users.create(UserDraft(mail: "ada@x.org"), by: app.caller)
            var visitor = site.visitor()
            let all = try await visitor.get("audit")
            #expect(all.body.contains("user.create") && all.body.contains("platform_app.create"))
            #expect(all.body.contains("ada@x.org") && all.body.contains("CRM"))
            let one = try await visitor.get("audit?actor=platform_app&actor_id=\(app.id)")
            #expect(one.body.contains("user.create") && !one.body.contains("platform_app.create"))
            let old = try await visitor.get("audit?until=2020-01-01")
            #expect(old.body.contains("No such event"))
            let wrong = try await visitor.get("audit?actor_id=7&object=user&from=yesterday")
            #expect(wrong.status == 422)
            for text in ["Actor’s kind", "Object’s id", "From must be a day"] {
                #expect(wrong.body.replacing("&#39;", with: "’").replacing("'", with: "’").contains(text), "\(text)")
            }
            #expect(wrong.body.contains("value=\"yesterday\""))
        }
    }

    @Test func pagesInABrowser() async throws {
        try await withConsole { site in
            let app = try await site.world.app("CRM")
            let user = try await site.world.directory.users.create(UserDraft(mail: "ada@x.org"), by: app.caller)
            var update = UserUpdate()
            update.name = "<img src=x onerror=alert(1)> Ada"
            _ = try await site.world.directory.users.update(user.id, update, by: app.caller)
            try await hostile(site)
            try await site.browse { browser in
                try browser.open(site.address("audit"))
                #expect(try browser.words.contains("user.update"))
                try browser.checkPage("audit")
                try browser.open(site.address("audit?from=yesterday&actor_id=1"))
                try browser.checkPage("audit-mistakes")
                try browser.open(site.address("audit?until=2020-01-01"))
                try browser.checkPage("audit-empty")
            }
        }
    }
}

extension UserDraft {
    init(mail: String) {
        self.init()
        email = mail
        name = "Somebody"
    }
}
