// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Postgres
import Sync
import WebSurface

/// `muster sync report`
struct SyncReportCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Reports a run: what was read and how that is proven, what came of it, what held it, and how long it took.")

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (report, findings) = try await Workplace(options, output).withInstalled { installed in
            let runs = installed.reconciler.runs
            return (try await runs.report(number), try await runs.findings(of: number))
        }
        if output.json {
            Console.json { writer in writer.object { Self.fields(report, findings, to: &$0) } }
        } else {
            Self.write(report, findings, Console.style)
        }
    }

    private static func write(_ report: RunReportRecord, _ findings: [RunFinding], _ style: Style) {
        let run = report.run
        Console.out(RunText.summary(run, style))
        var facts: [(String, String?)] = [
            ("source", run.source), ("asked for by", report.actor), ("began", RunText.time(run.createdAt)),
            ("ended", run.finishedAt.map(RunText.time)),
        ]
        if run.undoes == nil {
            facts += [
                (report.input == "kept" ? "kept read of" : report.input, run.fileName),
                ("bytes", report.fileSize.map(String.init)), ("SHA-256", report.fileHash),
                ("proof", report.proof ?? "none"),
            ]
        }
        facts += [("held by", run.state == .held ? run.code : nil), ("decided by", report.decidedBy)]
        facts += report.durations.map { ("time: \($0.stage)", "\($0.milliseconds) ms") }
        facts += run.counts.values.sorted { $0.key < $1.key }.map { ($0.key, String($0.value)) }
        facts += report.decisions.map { ("\($0.key) by a person", String($0.value)) }
        facts += report.findings.map { ("finding: \($0.key)", String($0.value)) }
        ObjectText.facts(facts)
        for line in FindingText.lines(findings, of: run, limit: 100, style) { Console.out(line) }
    }

    private static func fields(_ report: RunReportRecord, _ findings: [RunFinding], to writer: inout JSONWriter) {
        RunJSON.fields(report.run, to: &writer)
        writer.field("actor", report.actor)
        writer.field("input", report.input)
        writer.field("file_size", report.fileSize)
        writer.field("file_sha256", report.fileHash)
        writer.field("proof", report.proof)
        writer.field("decided_by", report.decidedBy)
        object("milliseconds", report.durations.map { ($0.stage, $0.milliseconds) }, &writer)
        object("decisions", report.decisions.map { ($0.key, $0.value) }, &writer)
        object("finding_counts", report.findings.map { ($0.key, $0.value) }, &writer)
        writer.array("findings") { list in for finding in findings { list.object { RunJSON.fields(finding, to: &$0) } } }
    }

    private static func object(_ name: StaticString, _ values: [(String, Int64)], _ writer: inout JSONWriter) {
        writer.object(name) { object in
            for (key, value) in values.sorted(by: { $0.0 < $1.0 }) {
                object.key(dynamic: key)
                object.element(value)
            }
        }
    }
}
