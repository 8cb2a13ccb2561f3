// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Sync

/// `muster sync show`
struct SyncShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a run: what it found, and each change with before, after and reason.")

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @Flag(name: .long, help: "Every change, however many.")
    var all = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            let runs = installed.reconciler.runs
            let report = try await RunReport(try await runs.show(number), runs, page: all ? .max : RunReport.longPage)
            report.show(output, style: Console.style)
        }
    }
}
