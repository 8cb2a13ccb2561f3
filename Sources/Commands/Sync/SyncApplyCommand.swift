// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Sync

/// `muster sync apply`
struct SyncApplyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Plans and applies an export, or applies a stored plan, exactly.",
        usage: "muster sync apply <policy> [<file>]\n       muster sync apply --plan <run> [--release]")

    @Argument(help: "A policy's name, or the path of its .yaml file.")
    var policy: String?

    @Argument(help: "The export; default the newest file that the policy's read.files match.")
    var file: String?

    @Option(name: .long, help: ArgumentHelp("Apply the plan of this run.", valueName: "run"))
    var plan: Int64?

    @Flag(name: .long, help: "The file tells what changed since the last read; default for files that read.changes match.")
    var changes = false

    @Flag(name: .long, help: "Let a plan through that a guard holds.")
    var release = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if plan == nil, policy == nil { throw ValidationError("Name a policy, or a plan with --plan.") }
        if plan != nil, policy != nil { throw ValidationError("A policy and --plan exclude each other.") }
        if changes, file == nil { throw ValidationError("--changes needs a file.") }
        if release, plan == nil { throw ValidationError("--release goes with --plan: look at the held run first.") }
    }

    func run() async throws {
        let place = try Workplace(options, output)
        if let plan { return try await apply(plan, place) }
        let policy = try await place.policy(policy ?? "")
        let input = try await place.input(file, of: policy, isChanges: changes)
        let status = try await place.withInstalled { installed in
            let run = try await installed.reconciler.reconcile(
                policy, input, actor: "command", progress: place.progress.steps, patience: place.patience)
            let status = try await report(run, place, installed)
            if case .export(let file) = input {
                // What was to be done is done, and said; that the read is kept is for another day.
                let kept = try await place.patience.whileAway {
                    try await installed.reconciler.keep(run, of: policy, file: file)
                }
                if case .skipped(let reason) = kept { await place.progress.note("the read was not kept: \(reason)") }
            }
            return status
        }
        if status != .done { throw status }
    }

    private func apply(_ plan: Int64, _ place: Workplace) async throws {
        let status = try await place.withInstalled { installed in
            try await report(try await apply(plan, place, installed.reconciler), place, installed)
        }
        if status != .done { throw status }
    }

    private func apply(_ plan: Int64, _ place: Workplace, _ reconciler: Reconciler) async throws -> Run {
        let before = try await reconciler.runs.show(plan)
        // Said again rather than done again.
        if [.stale, .done].contains(before.state) { return before }
        guard release else {
            return try await reconciler.apply(plan, progress: place.progress.steps, patience: place.patience)
        }
        return try await reconciler.release(plan, by: .command, progress: place.progress.steps, patience: place.patience)
    }

    private func report(_ run: Run, _ place: Workplace, _ installed: Installed) async throws -> ExitStatus {
        await place.progress.clear()
        let report = try await RunReport(run, installed.reconciler.runs, page: 0)
        report.show(output, style: Console.style)
        return report.status
    }
}
