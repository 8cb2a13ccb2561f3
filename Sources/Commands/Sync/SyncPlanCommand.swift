// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Sync

/// `muster sync plan`
struct SyncPlanCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what an export would change, and stores it as a plan; changes nothing.")

    @Argument(help: "A policy's name, or the path of its .yaml file.")
    var policy: String

    @Argument(help: "The export; default the newest file that the policy's read.files match.")
    var file: String?

    @Flag(name: .long, help: "Plan the last read, as it is kept: shows what a changed policy would change.")
    var kept = false

    @Flag(name: .long, help: "The file tells what changed since the last read; default for files that read.changes match.")
    var changes = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if kept, file != nil || changes { throw ValidationError("--kept takes no file.") }
        if changes, file == nil { throw ValidationError("--changes needs a file.") }
    }

    func run() async throws {
        let place = try Workplace(options, output)
        let policy = try await place.policy(policy)
        let input = kept ? RunInput.kept : try await place.input(file, of: policy, isChanges: changes)
        let status = try await place.withInstalled { installed in
            let run = try await installed.reconciler.plan(
                policy, input, actor: "command", progress: place.progress.steps, patience: place.patience)
            await place.progress.clear()
            let report = try await RunReport(run, installed.reconciler.runs, page: RunReport.shortPage)
            report.show(output, style: Console.style)
            return report.status
        }
        if status != .done { throw status }
    }
}
