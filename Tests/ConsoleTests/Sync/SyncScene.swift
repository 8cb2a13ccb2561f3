// SPDX-License-Identifier: Apache-2.0

import Console
import Directory
import DirectoryTestSupport
import Foundation
import Logging
import Policy
import Sync
import WebSurface
import WebTestSupport

/// A console beside a folder of policies, and what brings runs about.
struct SyncScene: Sendable {
    let site: ConsoleSite
    let folder: URL
    let reconciler: Reconciler
    let app: TestApp

    /// A person of an export.
    struct Person: Sendable {
        var id: Int
        var mail: String
        var name: String
        var groups = ["support"]

        var json: String {
            let members = groups.map { "\"cn=\($0),ou=groups,dc=example,dc=org\"" }.joined(separator: ",")
            let uuid = "00000000-0000-4000-8000-" + String(format: "%012d", id)
            let text = { (text: String) in String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self) }
            return """
                {"attributes":{"entryUUID":"\(uuid)","mail":[\(text(mail))],"cn":[\(text(name))],"objectClass":["inetOrgPerson"],
                "memberOf":[\(members)]},"dn":"uid=p\(id),ou=people,dc=example,dc=org"}
                """
        }
    }

    static func crowd(_ count: Int) -> [Person] {
        (1...count).map { Person(id: $0, mail: "p\($0)@example.org", name: "Person \($0)") }
    }

    static let yaml = """
        policy: crowd
        platform_app: Directory sync
        source: example
        read: {files: exports/*.json}
        people:
          where: (objectClass=inetOrgPerson)
          id: entryUUID
          email: mail
          name: cn
        accounts:
          - key: support
            name: Support
            members: ["cn=support,ou=groups,dc=example,dc=org"]
            roles: {administrator: ["cn=leads,ou=groups,dc=example,dc=org"]}
        guards: {removals: {percent: 20}}
        """

    /// Writes the export and plans or reconciles it.
    @discardableResult
    func run(_ people: [Person], applying: Bool = true) async throws -> Run {
        let policy = try Policy(yaml: Self.yaml, file: folder.appending(path: "crowd.yaml").path)
        let file = folder.appending(path: "exports/people.json")
        try Data("{\"entries\":[\(people.map(\.json).joined(separator: ",\n"))]}".utf8).write(to: file)
        return applying
            ? try await reconciler.reconcile(policy, file: file.path, actor: "watch")
            : try await reconciler.plan(policy, file: file.path, actor: "command")
    }
}

/// Runs `body` with a console, its folder of policies with one that is sound, and a Platform App for it.
func withSyncScene(_ body: @Sendable @escaping (SyncScene) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-console-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "exports"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(SyncScene.yaml.utf8).write(to: folder.appending(path: "crowd.yaml"))
    try await withDirectory { world in
        let admin = try await world.superAdmin()
        let app = try await world.app("Directory sync")
        let web = WebRouter()
        var facts = InstallationFacts()
        facts.policies = folder.path
        facts.listen = "127.0.0.1:3000"
        facts.trustedProxies = ["10.0.0.0/8"]
        let reconciler = Reconciler(postgres: world.postgres, directory: world.directory, logger: Logger(label: "test"))
        let shelf = PolicyShelf(folder: folder.path)
        let desk = SyncDesk(
            reconciler: reconciler, policies: shelf,
            spool: UploadSpool(folder: folder.appending(path: "uploads").path, sizeLimit: 8 << 20))
        Console(
            directory: world.directory, passwords: world.passwords, publicURL: "http://127.0.0.1", facts: facts,
            policies: shelf, sync: desk
        ).addRoutes(to: web)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await desk.run() }
            group.addTask {
                try await serving(WebResponder(web, options: WebResponder.Options())) { port in
                    let site = ConsoleSite(world: world, admin: admin, port: port)
                    try await body(SyncScene(site: site, folder: folder, reconciler: reconciler, app: app))
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
