// SPDX-License-Identifier: Apache-2.0

import Directory
import Foundation
import Policy
import Sync
import Testing

/// Whole plans of the ready-made policies on real exports and on the same a little later, reviewed by eye and kept.
/// `MUSTER_RECORD_GOLDENS=1` writes them anew; then they are to be reviewed again.
@Suite("Golden plans", .enabled(if: Samples.folder != nil, "the samples are not beside the repository"))
struct PlanGoldenTests {
    private static let isRecording = ProcessInfo.processInfo.environment["MUSTER_RECORD_GOLDENS"] != nil

    @Test("each sample under its policy, applied, read again, and a little later", arguments: PlanSample.all)
    func plan(_ sample: PlanSample) async throws {
        let samples = try #require(Samples.folder)
        let policy = try policy(sample)
        try await withSyncWorld { world in
            var text = PlanText(world: world)
            for step in sample.steps {
                text.say("## \(step.title)")
                text.say(step.files.map(\.handedOver).joined(separator: ", ") + (step.manifest != nil ? ", with a manifest" : ""))
                let path = try step.write(from: samples, into: world.folder)
                var run = try await world.reconciler.plan(policy, file: path, actor: "test")
                try await text.plan(run)
                if run.state == .planned || (run.state == .held && step.releases) {
                    let isReleased = run.state == .held
                    run = try await world.reconciler.apply(run.id, release: isReleased)
                    text.say("\(isReleased ? "released" : "applied"): \(text.standing(run)); \(text.counts(run))")
                    let again = try await world.reconciler.plan(policy, file: path, actor: "test")
                    // What is refused is wanted again each time.
                    let isRefused = run.code == "partly_refused"
                    #expect(again.state == (isRefused ? .planned : .unchanged), "\(step.title): \(again.counts.values)")
                    if !isRefused { #expect(again.changes?.count ?? 0 == 0) }
                    text.say("read again: \(text.standing(again))")
                }
                text.say("")
            }
            text.say("## The store in the end")
            try await text.store()
            try expect(text.text, as: sample.name)
        }
    }

    private func policy(_ sample: PlanSample) throws -> Policy {
        let file = HarbourTests.root.appending(path: "Policies/\(sample.policy).yaml")
        var yaml = try String(contentsOf: file, encoding: .utf8)
        for (old, new) in sample.inPolicy {
            try #require(yaml.contains(old))
            yaml = yaml.replacing(old, with: new)
        }
        return try Policy(yaml: yaml, file: "\(sample.policy).yaml")
    }

    /// Tells the first line that differs, since the whole is long.
    private func expect(_ text: String, as name: String) throws {
        let file = HarbourTests.root.appending(path: "Tests/Fixtures/golden/plans/\(name).txt")
        if Self.isRecording { try Data(text.utf8).write(to: file) }
        let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        guard text != kept else { return }
        let (new, old) = (text.split(separator: "\n"), kept.split(separator: "\n"))
        let line = zip(new, old).prefix { $0 == $1 }.count
        Issue.record(
            """
            \(name).txt, line \(line + 1) that is not blank: kept “\(line < old.count ? String(old[line]) : "the end")”, \
            now “\(line < new.count ? String(new[line]) : "the end")”. The whole:
            \(text)
            """)
    }
}
