// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake
@testable import Policy

@Suite("What each entry would become")
struct TrialTests {
    private final class Lines {
        var all: [PolicyTrial.Line] = []
    }

    private func run(_ csv: String, _ policy: Policy, chunk: Int = 7) throws -> (
        lines: [PolicyTrial.Line], counts: PolicyTrial.Counts
    ) {
        let lines = Lines()
        var trial = PolicyTrial(policy) { lines.all.append($0) }
        var reader = ExportReader(policy.read.exportOptions)
        try reader.begin(file: "people.csv", into: &trial)
        let bytes = Array(csv.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try Array(bytes[start..<min(bytes.count, start + chunk)]).withUnsafeBytes { try reader.read($0, into: &trial) }
        }
        try reader.endFile(into: &trial)
        return (lines.all, trial.counts)
    }

    @Test("people, what is ignored and what is rejected, each with its line, in any chunks")
    func outcomes() throws {
        let policy = try Policy(
            yaml: """
                policy: hr
                platform_app: Directory sync
                source: hr
                read: {format: csv, csv: {delimiter: ";", values: "|"}}
                people: {where: "({Employee ID}=*)", id: "{Employee ID}", email: Mail, name: "{Full Name}", enabled: {when: (State=active)}}
                groups: {member_of: Teams}
                accounts:
                  - {key: all, name: All, members: everyone, roles: {administrator: Chiefs, custom: {Night: "Night *"}}}
                """, file: "hr.yaml")
        let csv = """
            Employee ID;Mail;Full Name;State;Teams
            0017;A@x.org;Amy Wong;Active;Night shift|Crew
            0018;fry@x.org;Fry;Inactive;chiefs
            ;x@x.org;Nobody;Active;
            0019;no address;Bender;Active;
            """
        for chunk in [1, 3, 1000] {
            let (lines, counts) = try run(csv, policy, chunk: chunk)
            #expect(counts.people == 2 && counts.ignored == 1 && counts.rejected == 1 && counts.groups == 0)
            #expect(lines.map(\.line) == [2, 3, 4, 5] && lines.allSatisfy { $0.file == "people.csv" })
            guard case .person(let amy) = lines[0].outcome, case .person(let fry) = lines[1].outcome,
                case .ignored = lines[2].outcome, case .rejected(let code, let message) = lines[3].outcome
            else {
                Issue.record("\(lines)")
                return
            }
            #expect(amy.email == "a@x.org" && amy.enabled && lines[0].deciding["all"]?.customRole == "Night")
            #expect(!fry.enabled && lines[1].deciding["all"]?.role == .administrator)
            #expect(code == "bad_email" && !message.contains("no address"))
        }
    }

    @Test("a sink that stops ends the read, and what is no export is an error with its place")
    func stops() throws {
        struct Stop: Error {}
        let policy = try policy(document())
        var trial = PolicyTrial(policy) { _ in throw Stop() }
        var reader = ExportReader(policy.read.exportOptions)
        try reader.begin(file: nil, into: &trial)
        #expect(throws: Stop.self) {
            try Array("dn: cn=a\nobjectClass: person\n\ndn: cn=b\n\n".utf8).withUnsafeBytes { try reader.read($0, into: &trial) }
            try reader.endFile(into: &trial)
        }
    }
}
