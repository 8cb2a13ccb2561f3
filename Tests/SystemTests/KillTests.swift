// SPDX-License-Identifier: Apache-2.0
import Foundation
import Postgres
import Testing

/// `kill -9` at any moment of a run, several times in one: the next start finishes, or the other daemon does, and the end is that
/// of an undisturbed run, with every change in the journal once.
///
/// `MUSTER_KILLS` and `MUSTER_KILL_PEOPLE` say how often and of how many entries.
@Suite(.serialized) struct KillTests {
    private static let people = number("MUSTER_KILL_PEOPLE") ?? (MusterFixture.isSoak ? 100_000 : 4_000)
    private static let kills = number("MUSTER_KILLS") ?? (MusterFixture.isSoak ? 200 : 2)
    /// What was applied stays applied, so that one import stands several kills; more would show no other moments.
    private static let killsOfOneRun = 5

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    /// Either the daemon or its PostgreSQL is killed.
    @Test func killedRunsAreFinished() async throws {
        try await MusterFixture.withMuster { muster in try await series(KillSeries(muster: muster)) }
    }

    /// A second daemon, which watches no folder, is there to go on, and the killed one comes back to find it at work.
    @Test func killedRunsAreFinishedByAnotherDaemon() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            try FileManager.default.createDirectory(
                atPath: "\(replicas.muster.folder)/nothing", withIntermediateDirectories: true)
            let policies = ["MUSTER_POLICIES": "\(replicas.muster.folder)/nothing"]
            let other = try await replicas.serve("two", policies)
            try await series(KillSeries(muster: replicas.muster, replicas: replicas))
            #expect(try await other.end(SIGTERM) == 0)
        }
    }

    private func series(_ series: KillSeries) async throws {
        let muster = series.muster
        try FileManager.default.createDirectory(atPath: muster.inbox, withIntermediateDirectories: true)
        try await muster.generate(Self.people, to: "\(muster.folder)/export.json")
        try Self.policy.write(toFile: "\(muster.policies)/northwind.yaml", atomically: true, encoding: .utf8)
        var daemon = try await series.serve()
        try await series.createApp()

        let began = ContinuousClock.now
        try drop(muster)
        try await settled(series)
        let duration = (ContinuousClock.now - began).inSeconds
        let applying = Double(
            try await series.text("select extract(epoch from finished_at - planned_at)::text from runs order by id desc limit 1"))
        let undisturbed = try await series.text(Self.image)
        #expect(undisturbed.hasPrefix("\(Self.people) users"), "\(undisturbed)")

        var kills = 0
        var hits: [String: Int] = [:]
        // Made shorter by each kill that comes after the apply.
        var longest = (applying ?? 1) / 2
        while kills < Self.kills {
            try await series.forget()
            try drop(muster)
            var label = "after \(kills) kills:"
            for _ in 0..<Self.killsOfOneRun where kills < Self.kills {
                // Half of them in the apply, which is but a part of the time.
                let isAimed = kills / 2 % 2 == 0
                guard try await isUnderWay(series, in: isAimed ? ["applying"] : Self.active) else { break }
                let pause = Double.random(in: 0...(isAimed ? longest : duration / Double(Self.killsOfOneRun)))
                try await Task.sleep(for: .seconds(pause))
                let killsServer = series.replicas == nil && kills % 2 == 1
                let states = try await killsServer ? series.killServer(besides: daemon) : series.killDaemon(&daemon)
                label += " \(killsServer ? "PostgreSQL" : "daemon") after \(pause) s, runs were \(states);"
                guard let state = states.split(separator: " ").last.map(String.init), Self.active.contains(state) else {
                    if isAimed { longest /= 2 }
                    break
                }
                kills += 1
                hits[state, default: 0] += 1
            }
            try await settled(series)
            let end = try await series.text(Self.image)
            #expect(end == undisturbed, "\(label)\nafter it:    \(end)\nundisturbed: \(undisturbed)")
            try await workAreasAreGone(series)
            let faults = try await series.text(Self.journalFaults)
            #expect(faults.isEmpty, "\(label) the journal: \(faults)")
        }
        print("\(kills) kills of \(Self.people) entries, by the state of the run: \(hits)")
        fflush(nil)
        #expect(hits["applying", default: 0] >= Self.kills / 4, "\(hits)")
        _ = try await daemon.end(SIGTERM)
    }

    /// Puts the export where the daemon watches, by renaming.
    private func drop(_ muster: MusterFixture) throws {
        let draft = "\(muster.inbox)/draft"
        try? FileManager.default.removeItem(atPath: draft)
        try FileManager.default.copyItem(atPath: "\(muster.folder)/export.json", toPath: draft)
        utimes(draft, nil)
        rename(draft, "\(muster.inbox)/northwind.json")
    }

    /// The states in which a kill counts.
    private static let active: Set<String> = ["reading", "planned", "applying"]

    /// Waits until a run is in one of the states; false when all is done already.
    private func isUnderWay(_ series: KillSeries, in states: Set<String>) async throws -> Bool {
        var state = ""
        try await MusterFixture.eventually("a run is under way", limit: .seconds(300)) {
            state = (try? await series.text("select coalesce((select state from runs order by id desc limit 1), '')")) ?? ""
            return states.contains(state) || state == "done" || state == "unchanged"
        }
        return states.contains(state)
    }

    /// Waits until the newest export is dealt with, whatever happened on the way.
    private func settled(_ series: KillSeries) async throws {
        try await MusterFixture.eventually("all runs are over", limit: .seconds(900)) {
            let text = try? await series.text(
                """
                select (select count(*) from runs where state in ('reading', 'planned', 'applying'))::text || ' '
                    || coalesce((select state from runs order by id desc limit 1), '') || ' ' || (select count(*) from users)
                """)
            return text == "0 done \(Self.people)" || text == "0 unchanged \(Self.people)"
        }
    }

    /// The watcher may look at the file once more after the run that was finished: a run of its own, with a work area while it reads.
    private func workAreasAreGone(_ series: KillSeries) async throws {
        try await MusterFixture.eventually("work areas are gone, and nothing is read", limit: .seconds(300)) {
            try await series.text(
                """
                select ((select count(*) from pg_tables where schemaname = 'staging')
                    + (select count(*) from runs where state = 'reading'))::text
                """) == "0"
        }
    }

    /// Everything that a run writes, without the ids that differ from run to run.
    private static let image = """
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
        """

    /// What is not as it must be in the journal of one import: nothing.
    private static let journalFaults = """
        select coalesce(string_agg(fault, '; '), '') from (
            select 'run ' || id || ' is ' || state || coalesce(', ' || code, '') as fault from runs
            -- What is being read again is no fault; one that stays so keeps the end from being reached.
            where state not in ('done', 'unchanged', 'reading') and not (state = 'failed' and code = 'interrupted')
            union all
            select count(*) || ' runs made it' from runs where state = 'done' and change_count > 0 having count(*) <> 1
            union all
            select 'run ' || r.id || ' has ' || count(c.seq) || ' of ' || r.change_count || ' changes' from runs r
            left join changes c on c.run_id = r.id and c.planned_at = r.planned_at where r.state = 'done'
            group by r.id having count(c.seq) <> r.change_count or min(c.seq) <> 1 or max(c.seq) <> r.change_count
            union all
            select 'run ' || r.id || ' applied ' || coalesce(sum(g.last_seq - g.first_seq + 1), 0) || ' of ' || r.change_count
            from runs r left join applied_ranges g on g.run_id = r.id where r.state = 'done'
            group by r.id having coalesce(sum(g.last_seq - g.first_seq + 1), 0) <> r.change_count
            union all
            select 'run ' || id || ' counts ' || counts::text from runs where state = 'done' and change_count > 0
                and ((counts ->> 'applied')::bigint is distinct from change_count or coalesce((counts ->> 'mismatches')::bigint, 0) <> 0)
            union all
            select count(*) || ' changes were refused' from change_refusals having count(*) > 0
            union all
            select count(*) || ' users whose making is not told once' from users u where 1 <> (
                select count(*) from changes c join runs r on r.id = c.run_id and r.planned_at = c.planned_at and r.state = 'done'
                where c.kind = 'user' and c.object_id = u.id and c.action = 'create') having count(*) > 0
        ) x
        """

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
