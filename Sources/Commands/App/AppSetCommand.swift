// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory

/// `muster app rename`
struct AppRenameCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Renames a Platform App; policies that name it must be changed too.")

    @Argument(help: "The app's id.")
    var app: Int64

    @Argument(help: "A name that no other app has.")
    var name: String

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled {
            try await $0.directory.platformApps.update(app, PlatformAppUpdate(name: name), by: .command)
        }
        AppObject.done(output, "Platform App \(app) is now \"\(Style.plain(name))\".")
    }
}

/// `muster app set`
struct AppSetCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes the settings of a Platform App; what is not given stays.")

    @Argument(help: "The app's id.")
    var app: Int64

    @Option(
        name: .long,
        help: ArgumentHelp("Whether it sees users' tokens in every answer, or on creation only: yes or no.", valueName: "yes|no"))
    var revealsUserTokens: String?

    @Option(name: .long, help: ArgumentHelp("How long its login links live: 30s to 1h.", valueName: "time"))
    var loginLinks: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Calls a minute with all of its tokens; `default`: what the configuration says.", valueName: "number"))
    var callsPerMinute: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let update = try wanted()
        try await Workplace(options, output).withInstalled {
            try await $0.directory.platformApps.update(app, update, by: .command)
        }
        AppObject.done(output, "The settings of Platform App \(app) are as you want them.")
    }

    private func wanted() throws -> PlatformAppUpdate {
        var update = PlatformAppUpdate()
        switch revealsUserTokens {
        case nil: break
        case "yes": update.revealsUserTokens = true
        case "no": update.revealsUserTokens = false
        case .some(let text): throw Failure(code: "bad_choice", "\"\(text)\" is neither yes nor no", status: .usage)
        }
        if let loginLinks { update.loginLinkSeconds = Int32(clamping: try Span.seconds(loginLinks)) }
        if let callsPerMinute {
            guard callsPerMinute == "default" || Int32(callsPerMinute) != nil else {
                throw Failure(code: "bad_number", "\"\(callsPerMinute)\" is no number of calls", status: .usage)
            }
            update.callsPerMinute = .some(Int32(callsPerMinute))
        }
        if revealsUserTokens == nil, loginLinks == nil, callsPerMinute == nil {
            throw Failure(code: "nothing_to_set", "say what to set; `muster app set --help` lists it", status: .usage)
        }
        return update
    }
}

/// `muster app disable`
struct AppDisableCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Refuses all tokens of a Platform App from the next call on; nothing is lost.")

    @Argument(help: "The app's id.")
    var app: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { try await $0.directory.platformApps.disable(app, by: .command) }
        AppObject.done(output, "Platform App \(app) is disabled; `muster app enable \(app)` lets it in again.")
    }
}

/// `muster app enable`
struct AppEnableCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Lets a disabled Platform App in again, with the tokens that it has.")

    @Argument(help: "The app's id.")
    var app: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { try await $0.directory.platformApps.enable(app, by: .command) }
        AppObject.done(output, "Platform App \(app) is enabled.")
    }
}
