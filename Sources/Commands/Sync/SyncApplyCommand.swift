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

    @Flag(name: .long, help: "Let a plan through that a guard holds.")
    var release = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if plan == nil, policy == nil { throw ValidationError("Name a policy, or a plan with --plan.") }
        if plan != nil, policy != nil { throw ValidationError("A policy and --plan exclude each other.") }
        if release, plan == nil { throw ValidationError("--release goes with --plan: look at the held run first.") }
    }

    func run() async throws {
        let place = try Workplace(options, output)
        let work = try await work(place)
        let status = try await place.withInstalled { installed in
            let run = try await work(installed.reconciler)
            await place.progress.clear()
            let report = try await RunReport(run, installed.reconciler.runs, page: 0)
            report.show(output, style: Console.style)
            return report.status
        }
        if status != .done { throw status }
    }

    private func work(_ place: Workplace) async throws -> @Sendable (Reconciler) async throws -> Run {
        if let plan {
            return { [release] reconciler in
                let before = try await reconciler.runs.show(plan)
                // Said again rather than done again.
                if [.stale, .done].contains(before.state) { return before }
                guard release else {
                    return try await reconciler.apply(plan, progress: place.progress.steps, patience: place.patience)
                }
                return try await reconciler.release(
                    plan, by: .command, progress: place.progress.steps, patience: place.patience)
            }
        }
        let policy = try await place.policy(policy ?? "")
        let file = try await place.export(file, of: policy)
        return { reconciler in
            try await reconciler.reconcile(
                policy, file: file, actor: "command", progress: place.progress.steps, patience: place.patience)
        }
    }
}
