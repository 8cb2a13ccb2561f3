// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import NIOPosix
import Policy
import WebSurface

/// `muster explain`
struct ExplainCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells why a user or an account is as it is: who set each value, by which rule, and what the last read says.")

    @Argument(help: "The user's id or e-mail address; with --account the account's id.")
    var object: String

    @Flag(name: .long, help: "An account, not a user.")
    var account = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let place = try Workplace(options, output)
        let explanation = try await place.withInstalled { installed in
            let id = try await id(installed.directory)
            return try await installed.directory.explanations.explain(account ? .account : .user, id, by: .command)
        }
        let rules = try await place.rulePlaces()
        if output.json {
            Console.json { writer in explanation.write(to: &writer) { rules[$0]?.place(of: $1, account: $2) } }
        } else {
            for line in ExplanationText(explanation, rules, Console.style).lines { Console.out(line) }
        }
    }

    private func id(_ directory: Directory) async throws -> Int64 {
        guard account else { return try await UserArgument(user: object).id(directory) }
        guard let id = Int64(object) else {
            throw Failure(code: "not_found", "name the account by its id; `muster account list` finds accounts", status: .usage)
        }
        return id
    }
}

extension Workplace {
    /// Where the rules of the policies in the policies folder stand, by the policies' names.
    fileprivate func rulePlaces() async throws -> [String: RulePlaces] {
        let folder = configuration.policies
        return try await NIOThreadPool.singleton.runIfActive {
            Policy.load(folder: folder).policies.reduce(into: [:]) { $0[$1.name] = RulePlaces($1) }
        }
    }
}
