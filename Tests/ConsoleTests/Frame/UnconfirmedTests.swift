// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebSurface
import WebTestSupport

@testable import Console

/// Acts that need a fresh proof, where the frame did not ask for one.
struct UnconfirmedTests {
    @Test func whoIsSignedInIsToldAndNotSentToSignIn() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            try await world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            let app = try await world.app("Desk")
            let web = WebRouter()
            let desk = Desk(directory: world.directory, passwords: world.passwords, publicURL: "http://127.0.0.1")
            let frame = Frame(desk, web)
            // As an act that lacks `confirmed: true`, or whose ten minutes end between the page and the statement.
            frame.act("probe", in: nil) { visit in
                try await world.directory.tokens.revoke(try #require(app.caller.tokenID), by: try visit.caller.confirmed)
                return .to("probe", .revoked)
            }
            frame.page("probe", in: nil) { _ in .page(ConsolePage("Probe", "message", MessagePage(paragraphs: [], links: []))) }
            frame.close()
            try await serving(WebResponder(web)) { port in
                var visitor = Visitor(port: port, cookies: ["muster_admin": admin.token.cookie])
                let token = admin.token.formToken
                let answer = try await visitor.post("probe", ["form_token": token])
                #expect(answer.status == 403 && answer.body.contains("Nothing was done"), "\(answer)")
                #expect(answer.body.contains("Is it you?") && answer.header("location") == nil)
                #expect(try await visitor.get("probe").status == 200, "still signed in")
                // Whoever is not signed in is led there.
                var stranger = Visitor(port: port)
                #expect(try await stranger.get("probe").header("location")?.contains("sign_in") == true)
            }
            #expect(try await world.tokens(of: app.id).first?.state == .live)
        }
    }
}
