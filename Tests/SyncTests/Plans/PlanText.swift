// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Secrets
import Sync

/// SHA-256 as manifests write it.
enum SampleDigest {
    static func hex(_ data: Data) -> String { Digest.sha256(Array(data)).map { String(format: "%02x", $0) }.joined() }
}

/// A stored plan as lines that a person can review, the same each time: no ids that are drawn, no times, no folders of the test.
struct PlanText {
    let world: SyncWorld
    private(set) var lines: [String] = []

    init(world: SyncWorld) {
        self.world = world
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func say(_ line: String) { lines.append(line) }

    mutating func plan(_ run: Run) async throws {
        let record = try await world.reconciler.runs.report(run.id)
        say("policy \(run.policy), source \(run.source), for \(try await app(run)), asked for by \(record.actor)")
        say("run \(standing(run)); proof \(record.proof ?? "-")")
        say("counts \(counts(run))")
        let changes = try await world.reconciler.runs.changes(of: run, links: true)
        let accounts = Set(try changes.flatMap { try keys($0.memberships) }.compactMap { Int64($0) })
        let names = try await world.reconciler.runs.accountNames(of: run, ids: Array(accounts))
        var blocks: [[String]] = []
        for change in changes { blocks.append(try block(change, names)) }
        // By kind and name: the order of a plan is that of ids that are drawn.
        lines += blocks.sorted { ($0[0], $0.joined()) < ($1[0], $1.joined()) }.flatMap { $0 }
        for finding in try await world.reconciler.runs.findings(of: run.id) {
            let place = finding.line.map { " line \($0)" } ?? ""
            say("finding \(finding.code)\(place), \(finding.entry ?? "-"): \(clean(finding.detail))")
        }
    }

    func standing(_ run: Run) -> String {
        run.state.rawValue + (run.code.map { " (\($0))" } ?? "") + (run.reason.map { ": \(clean($0))" } ?? "")
    }

    func counts(_ run: Run) -> String {
        run.counts.values.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
            separator: ", ")
    }

    /// Everybody and every account, as a person sees them.
    mutating func store() async throws {
        let rows = try await world.base.postgres.query(
            """
            select 'account ' || a.name || coalesce(' ' || a.locale, '') || case when exists (select from suspensions s
                where s.subject_kind = 'account' and s.subject_id = a.id) then ', suspended' else '' end as line
            from accounts a where a.deleted_at is null
            union all
            select 'user ' || u.email || ' “' || u.name || '”' || coalesce(' alias “' || u.display_name || '”', '')
                || case when u.custom_attributes <> '{}' then ' ' || u.custom_attributes::text else '' end
                || case when exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = u.id)
                       then ', suspended' else '' end
                || coalesce(': ' || (select string_agg(a.name || ' as ' || au.role, ', ' order by a.name) from account_users au
                       join accounts a on a.id = au.account_id where au.user_id = u.id), '')
            from users u where u.deleted_at is null
            order by 1
            """)
        for row in rows { say(try row.decode(String.self, "line")) }
    }

    // MARK: Inside

    private func app(_ run: Run) async throws -> String {
        try await world.base.postgres.query("select name from platform_apps where id = \(run.platformAppID)")[0].decode(
            String.self, "name")
    }

    private func block(_ change: RunChange, _ names: [Int64: String]) throws -> [String] {
        var block = ["\(change.kind) \(change.label ?? "-"): \(change.action), \(clean(change.reason))"]
        if let suspends = change.suspends { block[0] += suspends ? ", suspends" : ", lifts its own suspension" }
        if let refusal = change.refusal { block[0] += "; refused: \(refusal)" }
        for (field, said) in try object(change.fields).sorted(by: { $0.key < $1.key }) {
            // Some thirty switches, which are tested elsewhere.
            block.append("  \(field): \(field == "features" ? "the defaults" : try delta(said))")
        }
        let memberships = try object(change.memberships).map { (names[Int64($0.key) ?? 0] ?? "?", $0.value) }
        for (account, said) in memberships.sorted(by: { $0.0 < $1.0 }) { block.append("  in \(account): \(try delta(said))") }
        return block
    }

    private func object(_ json: PostgresJSON) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any] ?? [:]
    }

    private func keys(_ json: PostgresJSON) throws -> [String] { Array(try object(json).keys) }

    /// `[before, after, rule]`.
    private func delta(_ said: Any) throws -> String {
        guard let parts = said as? [Any], parts.count >= 2 else { return try text(said) }
        let rule = parts.count > 2 && !(parts[2] is NSNull) ? ", by \(try text(parts[2]))" : ""
        return "\(try text(parts[0])) → \(try text(parts[1]))\(rule)"
    }

    private func text(_ value: Any) throws -> String {
        let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]
        return value is NSNull
            ? "–" : String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
    }

    private func clean(_ text: String) -> String { text.replacing(world.folder.path + "/", with: "") }
}
