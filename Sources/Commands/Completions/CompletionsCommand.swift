// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster completions`
struct CompletionsCommand: AsyncParsableCommand {
    /// The shells there are scripts for.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var parsers: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Prints the script that completes muster's commands and flags in your shell.",
        discussion: """
            bash: muster completions bash > /etc/bash_completion.d/muster
            zsh:  muster completions zsh > "${fpath[1]}/_muster"
            fish: muster completions fish > ~/.config/fish/completions/muster.fish
            """)

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() async throws { Console.out(MusterCommand.completionScript(for: shell.parsers)) }
}
