// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import SignIn
import SignInPage
import WebSurface
import WebTestSupport

/// The page on a free port of this machine, with two people: Ada has accounts, one of them with a name that fits nowhere; Bob
/// has none.
struct LiveSite: Sendable {
    static let password = "Harbour1!"

    let world: TestDirectory
    let address: String
    /// The same server as another site.
    let foreignAddress: String
    /// Paths and queries of login links.
    let ada: [String]
    let bob: [String]

    static func with(_ body: @Sendable @escaping (LiveSite) async throws -> Void) async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await user("Ada Lovelace", "ada@example.org", world, app)
            let bob = try await user("Bob", "bob@example.org", world, app)
            for (name, role) in [
                ("Harbour & Vale", Role.administrator), (String(repeating: "Donaudampfschiff", count: 4), .agent),
            ] {
                var draft = AccountDraft()
                draft.name = name
                let account = try await world.directory.accounts.create(draft, by: app.caller).id
                var membership = MembershipDraft()
                membership.userID = ada
                membership.role = role
                _ = try await world.directory.memberships.upsert(accountID: account, membership, by: app.caller)
            }
            var links: [Int64: [String]] = [:]
            for user in [ada, bob, ada, bob, ada, bob] {
                let link = try await world.directory.loginLinks.mint(user: user, by: app.caller)
                links[user, default: []].append("/app/login?email=\(link.email)&sso_auth_token=\(link.token)")
            }
            let made = links
            try await serving(world) { port in
                try await body(
                    LiveSite(
                        world: world, address: "http://127.0.0.1:\(port)", foreignAddress: "http://localhost:\(port)",
                        ada: made[ada] ?? [], bob: made[bob] ?? []))
            }
        }
    }

    private static func user(_ name: String, _ email: String, _ world: TestDirectory, _ app: TestApp) async throws -> Int64 {
        var draft = UserDraft()
        draft.name = name
        draft.email = email
        draft.password = password
        return try await world.directory.users.create(draft, by: app.caller).id
    }

    /// Serves the page while `body` runs.
    private static func serving(_ world: TestDirectory, _ body: @Sendable @escaping (Int) async throws -> Void) async throws {
        let web = WebRouter()
        let service = SignInService(directory: world.directory, passwords: world.passwords)
        SignInPage(directory: world.directory, service: service, publicURL: "http://127.0.0.1").addRoutes(to: web)
        try await WebTestSupport.serving(WebResponder(web), body)
    }
}
