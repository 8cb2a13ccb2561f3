// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Logging
import Postgres
import Secrets
import SignIn
import SignInAPI
import SignInPage
import SuperAdminAPI
import Testing
import WebSurface
import WebTestSupport

@testable import PlatformAPI

/// An installation that serves the Platform API on a free port, composed as the daemon composes it.
struct LiveInstallation: Sendable {
    static let senderAddress = "care@muster.example"
    static let publicURL = "https://muster.example/base"

    let world: TestDirectory
    let port: Int

    /// A Platform App with its token, as its own software would call.
    func app(_ name: String) async throws -> APIClient {
        let app = try await world.app(name)
        return APIClient(port: port, token: app.token, appID: app.id)
    }

    /// A client without any token of its own.
    var stranger: APIClient { APIClient(port: port, token: nil, appID: 0) }

    /// Lets a super admin's grant stand: until the console exists, by hand.
    func grant(_ kind: String, _ id: Int64, to app: APIClient, rights: Int16) async throws {
        _ = try await world.postgres.execute(
            """
            insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
            values (\(kind)::object_kind, \(app.appID), \(id), 'granted', \(rights))
            """)
    }

    /// Does to the database what no call can do.
    func execute(_ sql: String) async throws {
        _ = try await world.postgres.execute("\(unescaped: sql)")
    }

    /// One number that a statement gives.
    func count(_ sql: String) async throws -> Int { try await world.count("\(unescaped: sql)") }

    /// Everything that a refused call must leave alone, as one text.
    func fingerprint() async throws -> String {
        var text = ""
        for table in [
            "users", "accounts", "account_users", "platform_app_permissibles", "suspensions", "access_tokens", "audit_events",
            "login_links", "sessions",
        ] {
            let rows = try await world.postgres.query(
                "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '-') as sum from \(unescaped: table) t")
            text += table + "=" + (try #require(rows.first).decode(String.self, "sum")) + "\n"
        }
        return text
    }
}

/// Runs `body` with an installation of its own.
func withInstallation(
    connections: Int = 4, publicURL: String = LiveInstallation.publicURL, proxies: TrustedProxies = TrustedProxies(),
    log: any LogHandler = SwiftLogNoOpLogHandler(), _ body: @Sendable @escaping (LiveInstallation) async throws -> Void
) async throws {
    try await withDirectory(pool: .init(limit: connections)) { world in
        try await serving(
            world.directory, passwords: world.passwords, publicURL: publicURL, proxies: proxies, log: log
        ) {
            try await body(LiveInstallation(world: world, port: $0))
        }
    }
}

/// Runs `body` with a listener of its own for the directory, as one of several daemons would have.
func serving(
    _ directory: Directory, passwords: PasswordHasher, publicURL: String = LiveInstallation.publicURL,
    proxies: TrustedProxies = TrustedProxies(), log: any LogHandler = SwiftLogNoOpLogHandler(),
    _ body: @Sendable @escaping (Int) async throws -> Void
) async throws {
    let web = WebRouter()
    for audience in [PlatformAPI.Audience.platformApps, .superAdmins] {
        PlatformAPI(
            directory: directory, senderAddress: LiveInstallation.senderAddress, publicURL: publicURL, audience: audience
        ).addRoutes(to: web)
    }
    SuperAdminAPI(directory: directory).addRoutes(to: web)
    let service = SignInService(directory: directory, passwords: passwords)
    SignInAPI(directory: directory, service: service).addRoutes(to: web)
    SignInPage(directory: directory, service: service, publicURL: publicURL).addRoutes(to: web)
    var options = WebResponder.Options()
    options.trustedProxies = proxies
    options.largeBodies = [PlatformAPI.bulkPath: 32 << 20]
    try await WebTestSupport.serving(WebResponder(web, options: options), log: log, body)
}
