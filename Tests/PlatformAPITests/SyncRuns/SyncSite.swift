// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Logging
import PlatformAPI
import Postgres
import Sync
import Testing
import WebSurface
import WebTestSupport

/// An installation with a desk, two policies of two apps, and what takes uploads for them.
struct SyncSite: Sendable {
    let world: TestDirectory
    let reconciler: Reconciler
    let desk: SyncDesk
    let port: Int
    /// Where uploads lie.
    let spool: String
    let office: TestApp
    let other: TestApp

    /// A client of the app that the policy `office` acts for, or of another one.
    func client(_ app: TestApp, scopes: [String]? = nil) async throws -> APIClient {
        guard let scopes else { return APIClient(port: port, token: app.token, appID: app.id) }
        let issued = try await world.directory.tokens.issue(
            to: app.id, scopes: scopes.map { try #require(Scope($0)) }, by: .command)
        return APIClient(port: port, token: issued.accessToken, appID: app.id)
    }

    /// Files that uploads left or fill.
    var spooled: [String] { (try? FileManager.default.contentsOfDirectory(atPath: spool)) ?? [] }

    /// The run as it is when nobody is at it any more; a plan that is to be applied is on its way.
    func ended(_ id: Int64, _ states: Set<String> = ["done", "unchanged", "refused", "failed"]) async throws -> RunRecord {
        try await eventually("run \(id) goes on") { states.contains(try await world.directory.runs.show(id, by: .command).state) }
        return try await world.directory.runs.show(id, by: .command)
    }
}

extension SyncSite {
    static func policy(_ name: String, app: String, source: String) -> String {
        """
        policy: \(name)
        platform_app: \(app)
        source: \(source)
        people:
          where: (objectClass=inetOrgPerson)
          id: entryUUID
          email: mail
          name: cn
        guards: {removals: {percent: 100}}
        """
    }

    /// An export as ldap3 writes it, with so many bytes beside each person.
    static func export(_ numbers: some Sequence<Int>, padding: Int = 0) -> String {
        "{\"entries\":[\(numbers.map { person($0, padding: padding) }.joined(separator: ",\n"))]}"
    }

    static func person(_ number: Int, padding: Int = 0) -> String {
        let uuid = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(number)".count) + "\(number)"
        let rest = padding > 0 ? ",\"description\":[\"\(String(repeating: "x", count: padding))\"]" : ""
        return #"{"attributes":{"entryUUID":"\#(uuid)","mail":["p\#(number)@example.org"],"cn":["Person \#(number)"],"#
            + #""objectClass":["inetOrgPerson"]\#(rest)},"dn":"uid=p\#(number),ou=people,dc=example,dc=org"}"#
    }
}

/// Runs `body` with such an installation; the desk works while it does.
func withSyncSite(
    sizeLimit: Int64 = 64 << 20, patience: Duration = .seconds(50), timeouts: ConnectionTimeouts = ConnectionTimeouts(),
    _ body: @Sendable @escaping (SyncSite) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-desk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder + "/policies", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, app) in [("office", "Office"), ("plant", "Plant")] {
        try SyncSite.policy(name, app: app, source: name)
            .write(toFile: "\(folder)/policies/\(name).yaml", atomically: true, encoding: .utf8)
    }
    try await withDirectory(pool: .init(limit: 8)) { world in
        let (office, other) = (try await world.app("Office"), try await world.app("Plant"))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let reconciler = Reconciler(postgres: world.postgres, directory: world.directory, logger: logger)
        let desk = SyncDesk(
            reconciler: reconciler, policies: PolicyShelf(folder: folder + "/policies"),
            spool: UploadSpool(folder: folder + "/uploads", sizeLimit: sizeLimit), patience: patience)
        let web = WebRouter()
        for audience in [PlatformAPI.Audience.platformApps, .superAdmins] {
            SyncRunAPI(directory: world.directory, desk: desk, audience: audience).addRoutes(to: web)
        }
        var configuration = WebServerConfiguration(port: 0)
        configuration.timeouts = timeouts
        try await withThrowingTaskGroup(of: Void.self) { [configuration] tasks in
            tasks.addTask { try await desk.run() }
            try await serving(WebResponder(web), configuration: configuration) { port in
                try await body(
                    SyncSite(
                        world: world, reconciler: reconciler, desk: desk, port: port, spool: folder + "/uploads", office: office,
                        other: other))
            }
            tasks.cancelAll()
        }
    }
}
