// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster admin disable`
struct AdminDisableCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Keeps a super admin out: sessions end, tokens are dead while it lasts.")

    @OptionGroup var admin: AdminArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            try await installed.directory.superAdmins.disable(found.id, by: .command)
            return found
        }
        AppObject.done(output, "Super admin \(found.id), \(Style.plain(found.email)), is disabled.")
    }
}

/// `muster admin enable`
struct AdminEnableCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "enable", abstract: "Lets a super admin in again.")

    @OptionGroup var admin: AdminArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            try await installed.directory.superAdmins.enable(found.id, by: .command)
            return found
        }
        AppObject.done(output, "Super admin \(found.id), \(Style.plain(found.email)), may sign in.")
    }
}
