// SPDX-License-Identifier: Apache-2.0
import Postgres
import Sync
import WebSurface

/// A run with as much of its changes and findings as is to be shown; fetched once, rendered as text or JSON.
struct RunReport: Sendable {
    /// How many changes a plan shows.
    static let shortPage = 50
    /// How many `sync show` shows without `--all`.
    static let longPage = 1_000

    let run: Run
    let changes: [ChangeText]
    let findings: [RunFinding]
    let accountNames: [Int64: String]
    /// Whether the changes were asked for.
    let withChanges: Bool

    /// Reads a page of the run's changes; 0 is none.
    init(_ run: Run, _ runs: RunStore, page: Int) async throws {
        self.run = run
        withChanges = page > 0
        var fetched: [RunChange] = []
        while fetched.count < page {
            let next = try await runs.changes(of: run, after: fetched.last?.seq ?? 0, limit: min(1_000, page - fetched.count))
            fetched += next
            if next.count < 1_000 { break }
        }
        changes = fetched.map(ChangeText.init)
        findings = try await runs.findings(of: run.id)
        let ids = Set(changes.flatMap { $0.memberships.map(\.account) })
        accountNames = try await runs.accountNames(of: run, ids: ids.sorted())
    }

    /// The exit code that the run's state means.
    var status: ExitStatus {
        switch run.state {
        case .done, .unchanged, .planned: .done
        case .held: .held
        case .stale: .stale
        case .reading, .applying, .refused, .failed, .rejected: .failed
        }
    }

    /// Prints everything.
    func show(_ output: OutputOptions, style: Style) {
        if output.json { return Console.json { writer in writer.object { fields(to: &$0) } } }
        for line in lines(style) { Console.out(line) }
    }

    /// For people: what happened, the changes, the findings, and what to do next.
    func lines(_ style: Style) -> [String] {
        var lines = [RunText.summary(run, style)]
        lines += changes.map { $0.line(accountNames, style) }
        if withChanges, run.counts.objectChanges > changes.count {
            lines.append(
                style.dim("… and \(run.counts.objectChanges - changes.count) more changes: muster sync show \(run.id) --all"))
        }
        lines += FindingText.lines(findings, of: run, limit: withChanges ? 100 : 10, style)
        if let next = RunText.nextStep(run) { lines.append(next) }
        return lines
    }

    private func fields(to writer: inout JSONWriter) {
        RunJSON.fields(run, to: &writer)
        if withChanges {
            writer.array("changes") { list in for change in changes { list.object { RunJSON.fields(change.change, to: &$0) } } }
        }
        writer.array("findings") { list in for finding in findings { list.object { RunJSON.fields(finding, to: &$0) } } }
    }
}
