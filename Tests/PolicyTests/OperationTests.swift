// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake
@testable import Policy

@Suite("How runs go about their work")
struct OperationTests {
    @Test("a policy that states nothing")
    func defaults() throws {
        let policy = try policy(document())
        #expect(policy.operation == OperationRules())
        #expect(policy.operation.enforcement == .full && policy.operation.held == .all && policy.operation.schedule == nil)
        #expect(policy.operation.quarantineShare == 50 && policy.operation.drift == nil)
        #expect(policy.read.manifest == .optional && policy.read.publicKey == nil)
        #expect(policy.read.changes.isEmpty && policy.read.keep == .seconds(2_592_000) && policy.operation.onChange == .hold)
        #expect(policy.guards.limits.count == 3 && policy.guards.perAccount.isEmpty)
    }

    @Test("every rule is read")
    func everything() throws {
        let policy = try policy(
            document(
                accounts: "[{key: a, name: A, members: 'cn=x'}]",
                rest: """
                    read: {manifest: signed, public_key: MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=}
                    protect: [Boss@X.org, {id: '{00000000-0000-0000-0000-0000000000FF}'}, {group: 'CN=Safe, DC=x'}, {email: a@b.de}]
                    enforcement: add-only
                    held: changes
                    schedule: {cron: "*/15 3 * * mon-fri", jitter: 10m}
                    quarantine: {share: 20}
                    drift: {every: 6h, action: mend}
                    guards:
                      suspensions: {percent: 5}
                      deletions: {count: 0}
                      creations: {count: 100}
                      members: {percent: 30, floor: 10}
                      per_account: {removals: {percent: 50, floor: 3}, administrators: {count: 2}, members: {percent: 80}}
                    """))
        let operation = policy.operation
        #expect(operation.protected.emails == ["a@b.de", "boss@x.org"] && operation.protected.groups == ["cn=safe,dc=x"])
        #expect(operation.protected.externalKeys == [[1] + Array(repeating: 0, count: 15) + [255]])
        #expect(operation.enforcement == .addOnly && operation.held == .changes && operation.quarantineShare == 20)
        #expect(operation.drift == OperationRules.Drift(every: .seconds(21_600), action: .mend))
        #expect(operation.schedule?.jitterSeconds == 600)
        #expect(policy.read.publicKey?.count == 32 && policy.read.publicKey?.first == 0x19)
        #expect(
            policy.guards.limits[.deletions] == Guards.Limit(count: 0)
                && policy.guards.limits[.removals] == Guards.Limit(percent: 10))
        #expect(policy.guards.perAccount[.removals] == Guards.Limit(percent: 50, floor: 3) && policy.guards.perAccount.count == 3)
        #expect(
            try desired(policy, person(["memberOf": ["cn=safe,dc=x"]])).groups == ["cn=safe,dc=x"], "protection by group needs it"
        )
    }

    @Test("what tells changes, how long reads are kept, and what becomes of a changed policy")
    func changes() throws {
        let read = try policy(document(rest: "read: {files: full/*.ldif, changes: [a.ldif, 'c/*.ldif'], keep: 12w}")).read
        #expect(read.changes.map(\.text) == ["a.ldif", "c/*.ldif"] && read.keep == .seconds(84 * 86_400))
        #expect(try policy(document(rest: "read: {keep: never}")).read.keep == nil)
        #expect(try policy(document(rest: "on_change: apply")).operation.onChange == .apply)
        for (rest, mistake) in [
            ("read: {changes: a.ldif, keep: never}", "\"changes\" build on the kept read, and \"keep: never\" keeps none"),
            ("read: {changes: a.csv, format: csv}", "\"changes\" are read from \"ldif\" and \"graph\" only, not from \"csv\""),
            ("read: {keep: 1m}", "\"keep\" must lie between 3600s and 315360000s"),
            ("read: {keep: forever}", "\"keep\" must be a time such as 30d, 12h, 45m or 90s"),
            ("read: {changes: ../a.ldif}", "\"../a.ldif\" leaves the policy's folder by \"..\"; write an absolute path"),
            ("on_change: ask", "\"on_change\" must be one of \"hold\", \"apply\", not \"ask\""),
        ] {
            let found = PolicyTests.mistakes(document(rest: rest))
            #expect(found.count == 1 && found[0].contains(mistake), "\(found)")
        }
    }

    @Test("only what decides whether somebody is as the policy wants is part of the fingerprint")
    func fingerprint() throws {
        let bare = try policy(document()).fingerprint
        for rest in [
            "held: changes", "on_change: apply", "read: {changes: a.ldif, keep: 1d}", "schedule: {every: 1h}",
            "drift: {every: 1d}", "quarantine: {share: 1}",
            "enforcement: full",
        ] {
            #expect(try policy(document(rest: rest)).fingerprint == bare, "\(rest)")
        }
        for rest in ["enforcement: report", "enforcement: add-only", "protect: a@b.de", "protect: {group: cn=a}"] {
            #expect(try policy(document(rest: rest)).fingerprint != bare, "\(rest)")
        }
        #expect(try policy(document(people: "authentication: {subject: uid}")).fingerprint != bare)
    }

    @Test(
        "the times of cron expressions",
        arguments: [
            // 2026-01-01 was a Thursday; times are UTC.
            ("0 3 * * *", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"),
            ("0 3 * * *", "2026-01-01T02:59:59Z", "2026-01-01T03:00:00Z"),
            ("*/15 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"),
            ("*/15 * * * *", "2026-01-01T23:45:00Z", "2026-01-02T00:00:00Z"),
            ("5,10-20/5 * * * *", "2026-01-01T00:10:30Z", "2026-01-01T00:15:00Z"),
            ("7/20 * * * *", "2026-01-01T00:27:00Z", "2026-01-01T00:47:00Z"),
            ("0 0 1 * *", "2026-01-31T23:59:00Z", "2026-02-01T00:00:00Z"),
            ("0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 * * 0", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("30 6 * * Mon-Fri", "2026-01-02T07:00:00Z", "2026-01-05T06:30:00Z"),
            ("0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 13 * *", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"),
            ("0 0 */10 * mon", "2026-01-01T00:00:00Z", "2026-05-11T00:00:00Z"),
            ("59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"),
        ])
    func cron(expression: String, after: String, expected: String) throws {
        let next = try CronExpression(expression).next(after: Self.seconds(after))
        #expect(next.map { DateText.Moment(seconds: $0).description } == expected)
    }

    private static func seconds(_ text: String) -> Int64 {
        let moment = text.split { "-T:Z".contains($0) }.compactMap { Int($0) }
        let days = DateText.Moment(year: moment[0], month: moment[1], day: moment[2]).days
        return Int64(days * 86_400 + moment[3] * 3600 + moment[4] * 60 + moment[5])
    }

    @Test("a brute force over minutes finds the same times")
    func cronAgainstBruteForce() throws {
        var random = SplitMix(state: 0xc120)
        for expression in ["*/7 1-3 * * *", "0 12 1,15 * 3", "3 4 5 6 *", "*/30 22 * 1-2 sat,sun"] {
            let cron = try CronExpression(expression)
            for _ in 0..<20 {
                let start = Int64.random(in: 1_700_000_000...1_800_000_000, using: &random)
                let next = try #require(cron.next(after: start))
                #expect(next > start && next % 60 == 0)
                // The time before it is none: asking from just before gives it again, and from it a later one.
                #expect(cron.next(after: next - 1) == next)
                #expect(try #require(cron.next(after: next)) > next)
                #expect(cron.next(after: (start + next) / 2) == next, "\(expression) after \(start)")
            }
        }
    }

    @Test("intervals and delays")
    func intervals() {
        var random = SplitMix(state: 1)
        let plain = Schedule(.every(seconds: 900))
        #expect(plain.next(after: 0, using: &random) == 900 && plain.next(after: 899, using: &random) == 900)
        #expect(plain.next(after: 900, using: &random) == 1800 && plain.next(after: -1, using: &random) == 0)
        let delayed = Schedule(.every(seconds: 900), jitterSeconds: 60)
        var seen: Set<Int64> = []
        for _ in 0..<500 { seen.insert(delayed.next(after: 0, using: &random) ?? -1) }
        #expect(seen.min() == 900 && seen.max() == 960)
    }

    @Test(
        "mistakes",
        arguments: [
            ("protect: nobody", "is no e-mail"), ("protect: [{grop: x}]", "did you mean \"group\"?"),
            ("protect: [{}]", "needs one of"),
            ("protect: {group: 'cn=a,b'}", "is not the name of a group"),
            ("protect: {group: 'cn=*'}", "is not the name of a group"),
            ("enforcement: ful", "did you mean \"full\"?"), ("held: some", "must be one of \"all\", \"changes\""),
            ("schedule: {}", "either \"cron\" or \"every\""), ("schedule: {cron: '* * * *'}", "it has 4 fields"),
            ("schedule: {cron: '60 * * * *'}", "\"60\" is no minute"), ("schedule: {cron: '* * 30 2 *'}", "there is no such day"),
            ("schedule: {cron: '* * * * noday'}", "is no day of the week"), ("schedule: {cron: '5-1 * * * *'}", "is no minute"),
            ("schedule: {cron: '*/0 * * * *'}", "is no minute"), ("schedule: {every: 5s}", "must lie between"),
            ("schedule: {every: 5m, cron: '* * * * *'}", "either \"cron\" or \"every\""),
            ("schedule: {evry: 5m}", "did you mean \"every\"?"),
            ("drift: {action: mend}", "needs the key \"every\""),
            ("drift: {every: 1h, action: fix}", "must be one of \"mend\", \"report\""),
            ("quarantine: {share: 120}", "must lie between 0 and 100"),
            ("read: {manifest: signed}", "needs \"public_key\""), ("read: {public_key: AAAA}", "must be an Ed25519 key"),
            ("guards: {per_account: {deletions: {count: 1}}}", "unknown key \"deletions\""),
            ("guards: {removal: {count: 1}}", "did you mean \"removals\"?"),
            ("guards: {members: {}}", "needs \"count\", \"percent\" or both"),
        ])
    func mistakes(rest: String, expected: String) {
        let found = PolicyTests.mistakes(document(rest: rest))
        #expect(found.contains { $0.contains(expected) }, "\(found)")
        #expect(found.count == (rest.contains("AAAA") ? 2 : 1), "\(found)")
    }
}
