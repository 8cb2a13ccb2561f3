// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Sync
import WebSurface

/// `muster sync runs`
struct SyncRunsCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "runs", abstract: "Lists runs, the newest first.")

    @Option(name: .long, help: "So many at most.")
    var limit = 20

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be positive.") }
    }

    func run() async throws {
        let runs = try await Workplace(options, output).withInstalled { try await $0.reconciler.runs.list(limit: limit) }
        if output.json {
            Console.json { writer in writer.array { list in for run in runs { list.object { RunJSON.fields(run, to: &$0) } } } }
        } else if runs.isEmpty {
            Console.out("There is no run yet; `muster sync plan POLICY FILE` makes one.")
        } else {
            let rows = runs.map { run in
                [
                    "\(run.id)", RunText.time(run.createdAt), Style.plain(run.policy), run.state.rawValue, RunText.counts(run),
                    Style.plain(run.fileName ?? ""),
                ]
            }
            Console.out(Table.render(["run", "when (UTC)", "policy", "state", "changes", "file"], rows, Console.style))
        }
    }
}
