// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory

/// `muster app rotate`: what `muster token rotate` does, for who knows the app and not the token.
struct AppRotateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Mints an access token in the place of one, which stays valid for an overlap.",
        discussion: "Also `muster token rotate`.")

    @Argument(help: "The app's id.")
    var app: Int64

    @Option(name: .long, help: ArgumentHelp("Which token, where the app has several.", valueName: "id"))
    var token: Int64?

    @Option(
        name: .long, help: ArgumentHelp("How long the former token stays valid: 90s, 30m, 1h, 7d; 0 ends it.", valueName: "time"))
    var overlap = "1h"

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let overlap = try Span.seconds(overlap)
        let issued = try await Workplace(options, output).withInstalled {
            try await $0.directory.tokens.rotate(token, of: app, overlap: overlap, by: .command)
        }
        issued.show(output)
    }
}

/// `muster app token`: the former spelling of `muster token issue`.
struct AppTokenCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: TokenIssueCommand.configuration.abstract, discussion: "Also `muster token issue`.",
        shouldDisplay: false)

    @OptionGroup var command: TokenIssueCommand

    var output: OutputOptions { command.output }

    func run() async throws { try await command.run() }
}
