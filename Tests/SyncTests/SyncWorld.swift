// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Logging
import Policy
import Postgres
import Sync
import Testing

/// An installation with one Platform App, a reconciler and a folder for exports; gone afterwards.
struct SyncWorld {
    let base: TestDirectory
    let app: TestApp
    let reconciler: Reconciler
    let folder: URL

    func count(_ query: PostgresQuery) async throws -> Int { try await base.count(query) }

    /// Reconciles text as if it were an export.
    @discardableResult
    func reconcile(_ policy: Policy, _ export: String, name: String = "export.json") async throws -> Run {
        let file = folder.appending(path: name)
        try Data(export.utf8).write(to: file)
        return try await reconciler.reconcile(policy, file: file.path, actor: "test")
    }

    /// Everything that a sync may write, as text: two worlds are equal when their images are.
    func image() async throws -> String {
        let rows = try await base.postgres.query(
            """
            select u.email || '|' || u.name || '|' || coalesce(u.display_name, '-') || '|' || u.custom_attributes || '|'
                || (u.deleted_at is null) || '|' || exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = u.id) || '|'
                || coalesce((select string_agg(a.name || ':' || au.role, ',' order by a.name) from account_users au
                             join accounts a on a.id = au.account_id where au.user_id = u.id), '')
                || '|' || (select count(*) from access_tokens t where t.owner_kind = 'user' and t.owner_id = u.id)
                || '|' || (select count(*) from user_permissibles p where p.object_id = u.id)
                || '|' || (select count(*) from links l where l.kind = 'user' and l.object_id = u.id) as line
            from users u order by u.email collate "C", u.id
            """)
        return try rows.map { try $0.decode(String.self, "line") }.joined(separator: "\n")
    }

    /// How often anything in the domain was written.
    func writes() async throws -> Int {
        try await count(
            "select coalesce(sum(row_version), 0)::bigint from (select row_version from users union all select row_version from accounts) x"
        )
    }
}

nonisolated(nonsending) func withSyncWorld<T>(_ body: nonisolated(nonsending) (SyncWorld) async throws -> T) async throws -> T {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-sync-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await withDirectory { base in
        let app = try await base.app("Directory sync")
        let reconciler = Reconciler(postgres: base.postgres, directory: base.directory, logger: Logger(label: "test"))
        return try await body(SyncWorld(base: base, app: app, reconciler: reconciler, folder: folder))
    }
}

/// A person of a made-up export.
struct Person {
    var id: Int
    var mail: String
    var name: String
    var groups: [String] = []
    var active = true

    /// The record as ldap3 writes it.
    var json: String {
        let members = groups.map { "\"cn=\($0),ou=groups,dc=example,dc=org\"" }.joined(separator: ",")
        let uuid = "00000000-0000-4000-8000-" + String(format: "%012d", id)
        return """
            {"attributes":{"entryUUID":"\(uuid)","mail":["\(mail)"],"cn":["\(name)"],"objectClass":["inetOrgPerson"],
            "employeeType":["\(active ? "active" : "disabled")"],"memberOf":[\(members)]},"dn":"uid=\(name),ou=people,dc=example,dc=org"}
            """
    }

    static func export(_ people: [Person]) -> String { "{\"entries\":[\(people.map(\.json).joined(separator: ",\n"))]}" }

    static func crowd(_ count: Int) -> [Person] {
        (1...count).map {
            Person(
                id: $0, mail: "p\($0)@example.org", name: "Person \($0)",
                groups: $0 % 3 == 0 ? ["leads", "support"] : ["support"])
        }
    }
}

extension Policy {
    /// The policy of the made-up export.
    static func crowd(guards: String = "guards: {removals: {percent: 20}}") throws -> Policy {
        try of(
            people: #"enabled: {unless: "(employeeType=disabled)"}"#,
            accounts: """
                accounts:
                  - key: support
                    name: Support
                    members: ["cn=support,ou=groups,dc=example,dc=org"]
                    roles: {administrator: ["cn=leads,ou=groups,dc=example,dc=org"]}
                """, guards: guards)
    }

    /// A policy for made-up people, with more lines under `people`, and the keys of the top after them.
    static func of(
        _ name: String = "crowd", source: String = "example", head: String = "", people: String = "", accounts: String = "",
        guards: String = "guards: {removals: {percent: 100}}"
    ) throws -> Policy {
        try Policy(
            yaml: """
                policy: \(name)
                platform_app: Directory sync
                source: \(source)
                \(head)
                people:
                  where: (objectClass=inetOrgPerson)
                  id: entryUUID
                  email: mail
                  name: cn
                  \(people.replacing("\n", with: "\n  "))
                \(accounts)
                \(guards)
                """, file: "\(name).yaml")
    }
}
