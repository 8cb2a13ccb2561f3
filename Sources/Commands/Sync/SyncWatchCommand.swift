// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Sync

/// `muster sync watch`
struct SyncWatchCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Watches a run until it ends, whichever process is at it, and shows it.",
        discussion: "A plan that waits for a person is watched until somebody decides it.")

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let place = try Workplace(options, output)
        let status = try await place.withInstalled { installed in
            let reconciler = installed.reconciler
            _ = try await reconciler.runs.show(number)
            for try await event in reconciler.events(of: number, by: .command) {
                if case .progress(let stage) = event {
                    await place.progress.show(.applying(done: Int(stage.done), of: Int(stage.of ?? 0)))
                }
            }
            await place.progress.clear()
            let report = try await RunReport(
                try await reconciler.runs.show(number), reconciler.runs, page: RunReport.shortPage)
            report.show(output, style: Console.style)
            return report.status
        }
        if status != .done { throw status }
    }
}
