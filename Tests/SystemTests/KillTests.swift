// SPDX-License-Identifier: Apache-2.0
import Foundation
import Postgres
import Testing

/// `kill -9` in the middle of a run: the next start finishes, and the end is that of an undisturbed run.
@Suite(.serialized) struct KillTests {
    static let people = MusterFixture.isSoak ? 100_000 : 4_000
    static let rounds = MusterFixture.isSoak ? 20 : 1

    @Test func killedRunsAreFinished() async throws {
        try await MusterFixture.withMuster { muster in
            try FileManager.default.createDirectory(atPath: muster.inbox, withIntermediateDirectories: true)
            try await muster.generate(Self.people, to: "\(muster.folder)/export.json")
            try Self.policy.write(toFile: "\(muster.policies)/northwind.yaml", atomically: true, encoding: .utf8)
            var daemon = try await muster.serve()
            #expect(try await muster.muster("app", "create", "Northwind").code == 0)

            try drop(muster)
            try await settled(muster)
            let undisturbed = try await state(muster)
            #expect(undisturbed.hasPrefix("\(Self.people) users"), "\(undisturbed)")
            let duration = try await applyDuration(muster)

            for round in 0..<Self.rounds * 2 {
                let killsDaemon = round % 2 == 0
                var longest = duration / 2
                var isHit = false
                // A kill that comes after the apply tests nothing: then again, earlier.
                for _ in 0..<8 where !isHit {
                    try await forget(muster)
                    try drop(muster)
                    try await applying(muster)
                    let pause = Double.random(in: 0...longest)
                    try await Task.sleep(for: .seconds(pause))
                    let before = try await killAndStart(muster, &daemon, daemonItself: killsDaemon)
                    let label =
                        "round \(round): \(killsDaemon ? "daemon" : "PostgreSQL") killed after \(pause) s; runs were: \(before)"
                    print(label)
                    fflush(nil)
                    try await settled(muster)
                    let end = try await state(muster)
                    #expect(end == undisturbed, "\(label)\nafter it:    \(end)\nundisturbed: \(undisturbed)")
                    try await workAreasAreGone(muster)
                    isHit = before == "applying"
                    longest /= 2
                }
                #expect(isHit, "round \(round): no kill came in the middle of an apply")
            }
            _ = try await daemon.end(SIGTERM)
        }
    }

    /// Puts the export where the daemon watches, by renaming.
    private func drop(_ muster: MusterFixture) throws {
        let draft = "\(muster.inbox)/draft"
        try? FileManager.default.removeItem(atPath: draft)
        try FileManager.default.copyItem(atPath: "\(muster.folder)/export.json", toPath: draft)
        utimes(draft, nil)
        rename(draft, "\(muster.inbox)/northwind.json")
    }

    private func killAndStart(_ muster: MusterFixture, _ daemon: inout RunningDaemon, daemonItself: Bool) async throws -> String {
        guard daemonItself else {
            let server = try #require(muster.postmaster)
            // Stopped first, so that the state read is the one in which it dies.
            kill(daemon.pid, SIGSTOP)
            let state = try await muster.withDatabase {
                try await Self.text("select string_agg(state, ', ' order by id) from runs", $0)
            }
            kill(server, SIGKILL)
            kill(daemon.pid, SIGCONT)
            return state
        }
        _ = try await daemon.end(SIGKILL)
        let state = try await muster.withDatabase {
            try await Self.text("select string_agg(state, ', ' order by id) from runs", $0)
        }
        daemon = try await muster.serve()
        return state
    }

    private func applying(_ muster: MusterFixture) async throws {
        try await muster.withDatabase { database in
            try await MusterFixture.eventually("a run is being applied", limit: .seconds(300)) {
                try await Self.text("select count(*)::text from runs where state in ('applying', 'done')", database) != "0"
            }
        }
    }

    /// Waits until the newest export is dealt with, whatever happened on the way.
    private func settled(_ muster: MusterFixture) async throws {
        try await MusterFixture.eventually("all runs are over", limit: .seconds(600)) {
            let text = try? await muster.withDatabase { database in
                try await Self.text(
                    """
                    select (select count(*) from runs where state in ('reading', 'planned', 'applying'))::text || ' '
                        || coalesce((select state from runs order by id desc limit 1), '') || ' ' || (select count(*) from users)
                    """, database)
            }
            return text == "0 done \(Self.people)" || text == "0 unchanged \(Self.people)"
        }
    }

    /// The watcher may look at the file once more after the run that was finished, and has a work area while it does.
    private func workAreasAreGone(_ muster: MusterFixture) async throws {
        try await muster.withDatabase { database in
            try await MusterFixture.eventually("work areas are gone") {
                try await Self.text("select count(*)::text from pg_tables where schemaname = 'staging'", database) == "0"
            }
        }
    }

    private func applyDuration(_ muster: MusterFixture) async throws -> Double {
        try await muster.withDatabase { database in
            Double(
                try await Self.text(
                    "select extract(epoch from finished_at - planned_at)::text from runs order by id desc limit 1", database))
                ?? 1
        }
    }

    /// Everything that a run writes, without the ids that differ from run to run.
    private func state(_ muster: MusterFixture) async throws -> String {
        try await muster.withDatabase { database in
            try await Self.text(
                """
                select (select count(*) from users) || ' users, '
                    || (select md5(string_agg(concat_ws('|', email, name, display_name, custom_attributes, row_version), ';' order by email)) from users)
                    || ', memberships ' || (select md5(string_agg(concat_ws('|', u.email, a.name, m.role), ';' order by u.email, a.name))
                        from account_users m join users u on u.id = m.user_id join accounts a on a.id = m.account_id)
                    || ', accounts ' || (select string_agg(name, '|' order by name) from accounts)
                    || ', permissibles ' || (select string_agg(kind::text || ' ' || n, '|' order by kind)
                        from (select kind, count(*) as n from platform_app_permissibles group by kind) p)
                    || ', tokens ' || (select count(*) from access_tokens t join users u on u.id = t.owner_id where t.owner_kind = 'user')
                    || ' of ' || (select count(*) from access_tokens where owner_kind = 'user')
                    || ', links ' || (select count(*) from links l join users u on u.id = l.object_id where l.kind = 'user')
                    || ' of ' || (select count(*) from links where kind = 'user')
                    || ', suspensions ' || (select count(*) from suspensions)
                """, database)
        }
    }

    /// The installation as before its first run.
    private func forget(_ muster: MusterFixture) async throws {
        try await muster.withDatabase { database in
            // One transaction: the watcher may look at the file once more, and a run between the two would lose its tokens.
            let script = """
                begin; truncate users, accounts, sources, runs, changes, suspensions cascade;
                delete from access_tokens where owner_kind = 'user'; commit
                """
            try await database.withConnection { try await $0.executeScript(script) }
        }
    }

    private static func text(_ statement: String, _ database: PostgresClient) async throws -> String {
        try await database.query("\(unescaped: statement)").first?.decode(String.self, at: 0) ?? ""
    }

    private static let policy = """
        policy: northwind
        platform_app: Northwind
        source: northwind-ldap
        read:
          files: inbox/northwind.json
        people:
          where: (objectClass=inetOrgPerson)
          email: mail
          name: [displayName, cn]
          custom_attributes:
            title: title
        accounts:
          - key: all
            name: Everybody
            members: everyone
          - key: one
            name: Team 1
            members: cn=team-1,ou=groups,dc=northwind,dc=example
            roles:
              administrator: cn=team-2,ou=groups,dc=northwind,dc=example
        """
}
