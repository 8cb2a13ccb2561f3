// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster app grant`: the former spelling of `muster grant add`.
struct AppGrantCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: GrantAddCommand.configuration.abstract, discussion: "Also `muster grant add`.",
        shouldDisplay: false)

    @OptionGroup var command: GrantAddCommand

    var output: OutputOptions { command.output }

    func run() async throws { try await command.run() }
}

/// `muster app revoke`: the former spelling of `muster grant revoke`.
struct AppRevokeCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: GrantRevokeCommand.configuration.abstract, discussion: "Also `muster grant revoke`.",
        shouldDisplay: false)

    @OptionGroup var command: GrantRevokeCommand

    var output: OutputOptions { command.output }

    func run() async throws { try await command.run() }
}
