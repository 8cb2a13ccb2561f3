// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Sync

/// `muster sync show`
struct SyncShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a run: what it found, and each change with before, after and reason.",
        discussion: "--diff shows the whole plan, however long, a line for each value; with --json as one array.")

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @Flag(name: .long, help: "Every change, however many.")
    var all = false

    @Flag(name: .long, help: "Every change with each value before and after, its reason and its rule.")
    var diff = false

    @Option(name: .long, help: "With --diff: person, account or action.")
    var by: PlanGrouping?

    @Flag(name: .long, help: "Every change as a JSON object on a line of its own.")
    var ndjson = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if by != nil, !diff { throw ValidationError("--by goes with --diff.") }
        if by != nil, ndjson || output.json { throw ValidationError("--by is for people: programs group by themselves.") }
    }

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            let runs = installed.reconciler.runs
            let run = try await runs.show(number)
            if ndjson || (diff && output.json) {
                return try await PlanOutput(run: run, runs: runs, style: Console.style).writeJSON(asLines: ndjson)
            }
            if diff {
                Console.out(RunText.summary(run, Console.style))
                return try await PlanOutput(run: run, runs: runs, style: Console.style).write(by: by ?? .person)
            }
            let report = try await RunReport(run, runs, page: all ? .max : RunReport.longPage)
            report.show(output, style: Console.style)
        }
    }
}
