// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Intake
import NIOPosix
import Policy

/// `muster policy test`
struct PolicyTestCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Shows what each entry of an export would become; touches no store.",
        discussion: """
            Roles are those that the entry itself leads to: members that only a group's own entry lists are counted, and \
            resolved by `muster sync plan`. With --json, one object a line, the last one with the counts.

            Ends with 0, or with 1 where the policy has mistakes, the export cannot be read, or an entry is rejected.
            """)

    @Argument(help: "A policy's name, or the path of its .yaml file.")
    var policy: String

    @Argument(help: "An export: a file, or a folder whose files are one export.")
    var file: String

    @Flag(name: .long, help: "Entries that are neither people nor groups too.")
    var all = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let place = try Workplace(options, output)
        let policy = try await place.policy(policy)
        let text = TrialText(isJSON: output.json, showsIgnored: all, style: Console.style)
        let path = file
        let counts = try await NIOThreadPool.singleton.runIfActive {
            try TrialReader(policy: policy, path: path).run(text)
        }
        if counts.rejected > 0 { throw ExitStatus.failed }
    }
}
