// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory

/// `muster token reveal`
struct TokenRevealCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal", abstract: "Prints an access token that lives; written down in the audit trail.")

    @Argument(help: "The token's id; `muster token list` shows it.")
    var token: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let revealed = try await Workplace(options, output).withInstalled {
            try await $0.directory.tokens.reveal(token, by: .command)
        }
        revealed.show(output, "Token \(token).")
    }
}

/// `muster token issue`
struct TokenIssueCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issues one more access token to a Platform App, with scopes and an expiry if wanted.")

    @Argument(help: "The app's id.")
    var app: Int64

    @OptionGroup var token: TokenOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (scopes, seconds) = (try token.scopes, try token.seconds)
        let issued = try await Workplace(options, output).withInstalled {
            try await $0.directory.tokens.issue(to: app, scopes: scopes, expiresIn: seconds, by: .command)
        }
        issued.show(output)
    }
}

/// `muster token rotate`
struct TokenRotateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Mints an access token in the place of a Platform App's, which stays valid for an overlap.")

    @Argument(help: "The token's id.")
    var token: Int64

    @Option(
        name: .long, help: ArgumentHelp("How long the former token stays valid: 90s, 30m, 1h, 7d; 0 ends it.", valueName: "time"))
    var overlap = "1h"

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let overlap = try Span.seconds(overlap)
        let issued = try await Workplace(options, output).withInstalled {
            try await $0.directory.tokens.rotate(token, overlap: overlap, by: .command)
        }
        issued.show(output)
    }
}

/// `muster token revoke`
struct TokenRevokeCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes an access token: the next call with it is refused.")

    @Argument(help: "The token's id.")
    var token: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { try await $0.directory.tokens.revoke(token, by: .command) }
        AppObject.done(output, "Token \(token) is revoked.")
    }
}
