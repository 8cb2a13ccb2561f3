// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres

/// A plan under construction: the rows that sync would store, written by hand.
struct PlanFixture {
    struct Row: Sendable {
        var kind = ObjectKind.user
        var action = "update"
        var id: Int64
        var version: Int64?
        var key: String?
        var fields: [String: String?] = [:]
        /// Raw JSON, for fields that are no text.
        var rawFields: [String: String] = [:]
        var memberships: [Int64: String?] = [:]
        var suspends: Bool?
    }

    let world: TestDirectory
    let app: TestApp
    let source: Int64
    var rows: [Row] = []

    static func source(of app: TestApp, _ name: String = "directory", in world: TestDirectory) async throws -> Int64 {
        Int64(
            try await world.count(
                """
                insert into sources (platform_app_id, name) values (\(app.id), \(name))
                on conflict (platform_app_id, name) do update set name = excluded.name returning id
                """))
    }

    init(_ world: TestDirectory, by app: TestApp, source: String = "directory") async throws {
        self.world = world
        self.app = app
        self.source = try await Self.source(of: app, source, in: world)
    }

    static func newID(_ kind: ObjectKind, in world: TestDirectory) async throws -> Int64 {
        let sequence = kind == .user ? "users_id_seq" : "accounts_id_seq"
        return Int64(try await world.count("select nextval(\(sequence)::text::regclass)"))
    }

    func adding(_ row: Row) -> PlanFixture {
        var copy = self
        copy.rows.append(row)
        return copy
    }

    func update(_ user: User, _ fields: [String: String?], key: String? = nil, memberships: [Int64: String?] = [:]) -> PlanFixture
    {
        adding(Row(id: user.id, version: user.rowVersion, key: key, fields: fields, memberships: memberships))
    }

    func create(_ id: Int64, _ email: String, key: String?, name: String = "New", memberships: [Int64: String?] = [:])
        -> PlanFixture
    {
        adding(Row(action: "create", id: id, key: key, fields: ["email": email, "name": name], memberships: memberships))
    }

    /// Stores the plan; everything that moves an address or is an account must stand in the first chunk.
    func store(firstChunkEnd: Int? = nil) async throws -> ChangeSet {
        _ = try await world.postgres.query("select ensure_changes_partition()")
        let run = try await world.postgres.query(
            """
            insert into runs (platform_app_id, source_id, policy, state, planned_at, change_count)
            values (\(app.id), \(source), 'test', 'applying', now(), \(Int32(rows.count))) returning id, planned_at
            """)
        let id = try run[0].decode(Int64.self, "id")
        let plannedAt = try run[0].decode(PostgresTimestamp.self, "planned_at")
        try await world.postgres.execute(
            """
            insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key, fields,
                                 memberships, suspends, reason)
            select \(id), x.seq, \(plannedAt), x.kind::object_kind, x.action, x.id, x.version, convert_to(x.key, 'UTF8'), x.fields::jsonb,
                   x.memberships::jsonb, x.suspends, 'a test'
            from unnest(\(rows.map(\.kind.rawValue)), \(rows.map(\.action)), \(rows.map(\.id)), \(rows.map(\.version)),
                        \(rows.map(\.key)), \(rows.map(\.fieldsJSON)), \(rows.map(\.membershipsJSON)), \(rows.map(\.suspends)))
                with ordinality x(kind, action, id, version, key, fields, memberships, suspends, seq)
            """)
        return ChangeSet(run: id, plannedAt: plannedAt, count: rows.count, firstChunkEnd: firstChunkEnd ?? rows.count)
    }

    /// Stores and applies.
    func apply() async throws -> ApplyReport {
        try await ChangeEngine(directory: world.directory).apply(store())
    }
}

extension PlanFixture.Row {
    fileprivate var fieldsJSON: String {
        let text = fields.map { "\(quoted($0.key)):[null,\(quoted($0.value)),\"rule\"]" }
        return "{" + (text + rawFields.map { "\(quoted($0.key)):[null,\($0.value),\"rule\"]" }).joined(separator: ",") + "}"
    }

    fileprivate var membershipsJSON: String {
        "{" + memberships.map { "\"\($0.key)\":[null,\(quoted($0.value)),\"rule\"]" }.joined(separator: ",") + "}"
    }

    /// Test data holds nothing that needs more.
    private func quoted(_ text: String?) -> String {
        text.map { "\"" + $0.replacing("\"", with: "\\\"") + "\"" } ?? "null"
    }
}

extension TestDirectory {
    func plan(by app: TestApp, source: String = "directory") async throws -> PlanFixture {
        try await PlanFixture(self, by: app, source: source)
    }

    /// The codes of a run's refusals by `seq`.
    func refusals(_ set: ChangeSet) async throws -> [Int: String] {
        let rows = try await postgres.query("select seq, code from change_refusals where run_id = \(set.run) order by seq")
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (Int(try $0.decode(Int32.self, "seq")), try $0.decode(String.self, "code")) })
    }

    func emails() async throws -> String {
        try await text("select coalesce(string_agg(email, ' ' order by id), '') from users where deleted_at is null") ?? ""
    }
}
