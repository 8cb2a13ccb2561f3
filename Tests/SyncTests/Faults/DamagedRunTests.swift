// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// A damaged export through a whole run: the store is as before, or as every entry that could be read says; never in between.
///
/// Some each time; with `MUSTER_SOAK` for ten minutes, or for `MUSTER_FUZZ_SECONDS`. `MUSTER_FUZZ_SEED` has a failing run again.
@Suite struct DamagedRunTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds =
        environment["MUSTER_FUZZ_SECONDS"].flatMap { Double($0) } ?? (environment["MUSTER_SOAK"] == nil ? 4 : 600)
    private static let seed = environment["MUSTER_FUZZ_SEED"].flatMap { UInt64($0) } ?? 81

    @Test func aDamagedExportIsRefusedOrAppliedWhole() async throws {
        var random = SeededGenerator(seed: Self.seed)
        let end = ContinuousClock.now + .seconds(Self.seconds)
        var ends: [String: Int] = [:]
        var rounds = 0
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 100}}\nquarantine: {share: 100}\nheld: changes")
            try await world.reconcile(policy, Person.export(Person.crowd(12)))
            while ContinuousClock.now < end || rounds < 20 {
                rounds += 1
                let place = "round \(rounds), seed \(Self.seed)"
                let (bytes, name) = Self.export(&random)
                let before = try await world.image()
                let file = world.folder.appending(path: name)
                try Data(bytes).write(to: file)
                let run = try await world.reconciler.reconcile(policy, file: file.path, actor: "test")
                let text = String(decoding: bytes, as: UTF8.self).debugDescription
                ends[run.state.rawValue + (run.code.map { " \($0)" } ?? ""), default: 0] += 1
                switch run.state {
                case .refused, .held, .unchanged:
                    #expect(try await world.image() == before, "\(place), \(run.state): \(text)")
                case .done:
                    #expect(
                        run.counts["applied"] + run.counts["refused.last_administrator"] == run.changes?.count,
                        "\(place): \(run.counts.values) \(text)")
                    #expect(run.counts["mismatches"] == 0, "\(place): \(text)")
                case .stale: #expect(try await world.image() == before && run.counts["applied"] == 0, "\(place): \(text)")
                default: Issue.record("\(place): \(run.state) \(run.reason ?? ""): \(text)")
                }
                // What was read once says the same again, but for what waits for a person or for a successor.
                let again = try await world.reconciler.plan(policy, file: file.path, actor: "test")
                let refused = run.counts["refused.last_administrator"]
                #expect(
                    again.state == run.state || again.state == .unchanged || refused > 0 || run.state == .stale,
                    "\(place): \(run.state) then \(again.state), \(again.counts.values): \(text)")
                #expect(try await world.count("select count(*) from pg_tables where schemaname = 'staging'") == 0, "\(place)")
            }
        }
        print("\(rounds) runs: \(ends.sorted { $0.key < $1.key })")
        #expect(ends.keys.contains { $0.hasPrefix("refused") } && ends.keys.contains { $0.hasPrefix("done") }, "\(ends)")
    }

    /// Some of a company as LDIF or JSON, damaged or not.
    private static func export(_ random: inout SeededGenerator) -> (bytes: [UInt8], name: String) {
        var people = Person.crowd(12)
        for index in people.indices where Int.random(in: 0..<6, using: &random) == 0 {
            people[index].active.toggle()
            people[index].name = "Name \(Int.random(in: 0..<100, using: &random))"
        }
        people.shuffle(using: &random)
        people.removeLast(Int.random(in: 0..<3, using: &random))
        let isLDIF = Bool.random(using: &random)
        var bytes = Array((isLDIF ? people.map(\.ldif).joined(separator: "\n") : Person.export(people)).utf8)
        let hints = Array("{}[]\",:\\u0 \n#<d-=@".utf8) + [0, 0x80, 0xC3, 0xFF]
        for _ in 0..<Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: bytes.indices, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1..<200, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[at] = hints.randomElement(using: &random) ?? 0
            case 2: bytes.insert(hints.randomElement(using: &random) ?? 0, at: at)
            case 3: bytes.removeSubrange(at..<end)
            case 4: bytes.insert(contentsOf: bytes[at..<end], at: at)
            default: if Int.random(in: 0..<4, using: &random) == 0 { bytes.removeSubrange(at...) }
            }
        }
        return (bytes, isLDIF ? "export.ldif" : "export.json")
    }
}

extension Person {
    /// The record as ldapsearch writes it.
    fileprivate var ldif: String {
        let uuid = "00000000-0000-4000-8000-" + String(format: "%012d", id)
        let groups = groups.map { "memberOf: cn=\($0),ou=groups,dc=example,dc=org\n" }.joined()
        return """
            dn: uid=\(name),ou=people,dc=example,dc=org
            objectClass: inetOrgPerson
            entryUUID: \(uuid)
            mail: \(mail)
            cn: \(name)
            employeeType: \(active ? "active" : "disabled")
            \(groups)
            """
    }
}
