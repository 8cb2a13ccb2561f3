// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster user login-link`
struct UserLoginLinkCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "login-link", abstract: "Makes a link that signs the user in, once, within five minutes.")

    @OptionGroup var user: UserArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let workplace = try Workplace(options, output)
        let link = try await workplace.withInstalled {
            try await $0.directory.loginLinks.mint(user: try await user.id($0.directory), by: .command)
        }
        let url = link.url(workplace.configuration.publicURL)
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("url", url)
                    $0.field("expires_at", microseconds: link.expiresAt.microseconds)
                }
            }
        } else {
            Console.out("\(url)\nGood once, until \(ObjectText.time(link.expiresAt)) UTC.")
        }
    }
}

/// `muster user token`
struct UserTokenCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Prints a user's access token, and makes one where there is none.")

    @OptionGroup var user: UserArgument

    @Flag(name: .long, help: "Revoke every token that the user has, and make a new one.")
    var rotate = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var request = TokenRequest()
        request.rotate = rotate
        let wanted = request
        let shown = try await Workplace(options, output).withInstalled {
            try await $0.directory.users.token(try await user.id($0.directory), wanted, by: .command)
        }
        guard let secrets = shown.secrets else { throw Failure(code: "no_token", "the user has no access token") }
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("id", shown.id)
                    $0.field("access_token", secrets.accessToken)
                    $0.field("expires_at", microseconds: secrets.expiresAt?.microseconds)
                }
            }
        } else {
            Console.out(secrets.accessToken)
        }
    }
}

/// `muster user sessions`
struct UserSessionsCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Lists where a user is signed in, or signs the user out.")

    @OptionGroup var user: UserArgument

    @Option(name: .long, help: ArgumentHelp("End this session.", valueName: "id"))
    var end: Int64?

    @Flag(name: .long, help: "End all of them.")
    var endAll = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let sessions = try await Workplace(options, output).withInstalled { installed in
            let id = try await user.id(installed.directory)
            if end != nil || endAll {
                try await installed.directory.sessions.end(user: id, session: endAll ? nil : end, by: .command)
            }
            return try await installed.directory.sessions.list(user: id, by: .command)
        }
        ObjectText.list(
            Page(items: sessions), output, ["id", "browser", "address", "began", "ends"], none: "The user is signed in nowhere."
        ) { session in
            [
                "\(session.id)", Style.plain(session.userAgent ?? "-"), Style.plain(session.address ?? "-"),
                ObjectText.time(session.createdAt), ObjectText.time(session.expiresAt),
            ]
        } json: { session, writer in
            writer.object {
                $0.field("id", session.id)
                $0.field("user_agent", session.userAgent)
                $0.field("address", session.address)
                $0.field("created_at", microseconds: session.createdAt.microseconds)
                $0.field("expires_at", microseconds: session.expiresAt.microseconds)
            }
        }
    }
}
