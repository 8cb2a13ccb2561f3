// SPDX-License-Identifier: Apache-2.0

import Console
import Directory
import DirectoryTestSupport
import PlatformAPI
import PostgresTestSupport
import Testing
import WebSurface
import WebTestSupport

/// The console on a free port of this machine, with an installation of its own and a super admin who is signed in and confirmed.
///
/// Choose `withConsole { site in … }` for whatever needs no browser: `site.visitor()` keeps cookies and fills in forms. For a
/// browser: `site.browse { browser in try browser.open(site.address("users")) … }`, signed in as well.
struct ConsoleSite: Sendable {
    let world: TestDirectory
    let admin: TestSuperAdmin
    let port: Int

    /// The address of a path below `/super_admin`.
    func address(_ path: String = "") -> String { "http://127.0.0.1:\(port)/super_admin\(path.isEmpty ? "" : "/" + path)" }

    /// Somebody who is signed in.
    func visitor() -> Visitor { Visitor(port: port, cookies: ["muster_admin": admin.token.cookie]) }

    /// Somebody who is not.
    func stranger() -> Visitor { Visitor(port: port) }

    /// Runs `body` with a browser that is signed in.
    func browse<Result: Sendable>(_ body: @Sendable (Chromium) throws -> Result) async throws -> Result {
        try await Chromium.run { browser in
            try browser.send(
                "Network.setCookie",
                [
                    "name": "muster_admin", "value": admin.token.cookie, "url": "http://127.0.0.1:\(port)/", "httpOnly": true,
                    "sameSite": "Lax",
                ])
            return try body(browser)
        }
    }
}

/// Runs `body` with a console of its own.
func withConsole(
    publicURL: String = "http://127.0.0.1", proxies: TrustedProxies = TrustedProxies(),
    _ body: @Sendable @escaping (ConsoleSite) async throws -> Void
) async throws {
    try await withDirectory { try await serveConsole(of: $0, publicURL: publicURL, proxies: proxies, body) }
}

/// The same with a database server of the test's own, for what stops it.
func withConsole(on server: TestServer, _ body: @Sendable @escaping (ConsoleSite) async throws -> Void) async throws {
    try await withDirectory(on: server) { try await serveConsole(of: $0, body) }
}

/// The console, and beside it the API that its tokens are for.
private func serveConsole(
    of world: TestDirectory, publicURL: String = "http://127.0.0.1", proxies: TrustedProxies = TrustedProxies(),
    _ body: @Sendable @escaping (ConsoleSite) async throws -> Void
) async throws {
    let admin = try await world.superAdmin()
    let web = WebRouter()
    Console(directory: world.directory, passwords: world.passwords, publicURL: publicURL).addRoutes(to: web)
    PlatformAPI(directory: world.directory, senderAddress: "muster@example.org", publicURL: publicURL).addRoutes(to: web)
    var options = WebResponder.Options()
    options.trustedProxies = proxies
    try await serving(WebResponder(web, options: options)) { port in
        try await body(ConsoleSite(world: world, admin: admin, port: port))
    }
}
