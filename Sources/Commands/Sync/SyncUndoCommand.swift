// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import NIOPosix
import Policy
import Sync

/// `muster sync undo`
struct SyncUndoCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Plans the reverse of a run that was applied, as far as nobody changed it since, as a run of its own.",
        discussion: """
            What the run made is suspended. What cannot be undone is listed with its reason. The source is not changed: the next \
            run of the policy plans the same changes again unless the source says something else by then, and is held.
            """)

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @Flag(name: .long, help: "Apply the plan at once, unless a guard holds it.")
    var apply = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let place = try Workplace(options, output)
        let status = try await place.withInstalled { installed in
            let reconciler = installed.reconciler
            let guards = try await place.guards(of: try await reconciler.runs.show(number).policy)
            var run = try await reconciler.undo(number, guards: guards, actor: "command")
            if apply, run.state == .planned {
                run = try await reconciler.apply(run.id, progress: place.progress.steps, patience: place.patience)
            }
            await place.progress.clear()
            let report = try await RunReport(run, reconciler.runs, page: apply ? 0 : RunReport.shortPage)
            report.show(output, style: Console.style)
            return report.status
        }
        if status != .done { throw status }
    }
}

extension Workplace {
    /// The limits of a policy in the policies folder; those of one that states none where it is gone or has mistakes.
    fileprivate func guards(of policy: String) async throws -> Guards {
        let folder = configuration.policies
        return try await NIOThreadPool.singleton.runIfActive {
            Policy.load(folder: folder).policies.first { $0.name == policy }?.guards ?? Guards()
        }
    }
}
