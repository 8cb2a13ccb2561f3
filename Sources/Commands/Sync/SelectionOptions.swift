// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Sync
import WebSurface

/// Which changes of a plan a decision is about.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Only these changes, by their numbers in `muster sync show --diff`.", valueName: "number"))
    var change: [Int] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Only changes of this kind: create, update, adopt, suspend or restore.", valueName: "action"))
    var action: [String] = []

    @Flag(name: .long, help: "Only changes that would do again what was undone.")
    var undone = false

    /// Whether single changes are meant, and not the plan.
    var isGiven: Bool { !change.isEmpty || !action.isEmpty || undone }

    func validate() throws {
        for action in action where !RunSelection.actions.contains(action) {
            throw ValidationError("--action is one of \(RunSelection.actions.joined(separator: ", ")).")
        }
        if undone, !change.isEmpty || !action.isEmpty { throw ValidationError("--undone stands alone.") }
    }

    /// Decides, and says what that means.
    func decide(
        _ decision: RunDecision, of run: Int64, reason: String?, _ installed: Installed, _ output: OutputOptions
    ) async throws {
        var selection = RunSelection(changes: change, actions: action)
        if undone {
            selection.changes = try await installed.reconciler.undoneAgain(run)
            guard !selection.changes.isEmpty else {
                throw Failure(code: "nothing_undone", "run \(run) would do nothing again that was undone")
            }
        }
        let journal = installed.directory.runs
        let count: Int
        do {
            count = try await journal.decide(decision, selection, of: run, reason: reason, by: .command)
        } catch DirectoryError.notFound {
            throw SyncError(.noRun, "there is no run \(run); `muster sync runs` lists them")
        }
        let counts = try await journal.decisionCounts(of: run, by: .command)
        let (approved, rejected) = (counts[.approved] ?? 0, counts[.rejected] ?? 0)
        guard !output.json else {
            return Console.json { writer in
                writer.object {
                    $0.field("run", run)
                    $0.field("decided", Int64(count))
                    $0.field("approved", Int64(approved))
                    $0.field("rejected", Int64(rejected))
                }
            }
        }
        Console.out("\(count) changes of run \(run) are \(decision.rawValue); in all \(approved) approved, \(rejected) rejected.")
        let isHeld = try await installed.reconciler.runs.show(run).state == .held
        Console.out(
            isHeld
                ? "It is held: muster sync apply --plan \(run) applies what is approved, with --release everything but the rejected."
                : "muster sync apply --plan \(run) applies everything but the rejected.")
    }
}

/// `muster sync approve`
struct SyncApproveCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Lets a plan through that waits or that a guard holds, as a whole or some of its changes.",
        discussion: "As a whole: the daemon applies it within seconds. Some changes: `muster sync apply --plan` applies them.")

    @Argument(help: "The number of the run, from `muster sync runs`.")
    var number: Int64

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            if selection.isGiven { return try await selection.decide(.approved, of: number, reason: nil, installed, output) }
            do {
                try await installed.directory.runs.release(number, by: .command)
            } catch DirectoryError.notFound {
                throw SyncError(.noRun, "there is no run \(number); `muster sync runs` lists them")
            }
            ObjectText.done(
                output, "Run \(number) is let through: the daemon applies it, or muster sync apply --plan \(number) --release.",
                id: number)
        }
    }
}
