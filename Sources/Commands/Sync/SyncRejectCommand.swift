// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Sync

/// `muster sync reject`
struct SyncRejectCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Rejects a plan that waits or that a guard holds, or some of its changes: they can not be applied any more.")

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @Option(name: .long, help: "Why, for the journal.")
    var reason: String?

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            if selection.isGiven {
                return try await selection.decide(.rejected, of: number, reason: reason, installed, output)
            }
            _ = try await installed.reconciler.runs.show(number)
            let run = try await installed.reconciler.reject(number, reason: reason, by: .command)
            let report = try await RunReport(run, installed.reconciler.runs, page: 0)
            report.show(output, style: Console.style)
        }
    }
}
