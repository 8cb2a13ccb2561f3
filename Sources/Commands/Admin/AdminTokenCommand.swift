// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster admin token`
struct AdminTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Access tokens with which super admins' own programs operate the installation.",
        subcommands: [AdminTokenCreateCommand.self, AdminTokenListCommand.self, AdminTokenRevokeCommand.self])
}

/// `muster admin token create`
struct AdminTokenCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Issues an access token to a super admin, with scopes and an expiry if wanted.")

    @OptionGroup var admin: AdminArgument

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Such as users:read or accounts:*; may be repeated. None: whatever a super admin may do.", valueName: "scope"))
    var scope: [String] = []

    @Option(name: .long, help: ArgumentHelp("30m, 1h, 7d.", valueName: "time"))
    var expiresIn: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let scopes = try TokenOptions.scopes(scope, operators: true)
        let seconds = try expiresIn.map { text throws(Failure) in try Span.seconds(text) }
        let issued = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            guard !found.isDisabled else {
                throw Failure(code: "disabled", "\(Style.plain(found.email)) is disabled: `muster admin enable` first")
            }
            return try await installed.directory.superAdmins.issueToken(
                to: found.id, scopes: scopes, expiresIn: seconds, by: .command)
        }
        issued.show(output)
    }
}

/// `muster admin token list`
struct AdminTokenListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the access tokens that a super admin ever had.")

    @OptionGroup var admin: AdminArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let tokens = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            return try await installed.directory.superAdmins.tokens(of: found.id, by: .command)
        }
        if output.json {
            Console.json { writer in writer.array { for token in tokens { Self.write(token, to: &$0) } } }
        } else if tokens.isEmpty {
            Console.out("No token was issued; `muster admin token create EMAIL` issues one.")
        } else {
            let rows = tokens.map { token in
                [
                    "\(token.id)", token.scopes?.joined(separator: " ") ?? "everything", Self.time(token.createdAt),
                    Self.time(token.expiresAt), Self.time(token.revokedAt), Self.time(token.lastUsedAt),
                ]
            }
            Console.out(Table.render(["id", "scopes", "created", "expires", "revoked", "used"], rows, Console.style))
        }
    }

    private static func time(_ timestamp: Timestamp?) -> String {
        timestamp.map { RunText.time(PostgresTimestamp(microseconds: $0.microseconds)) } ?? "-"
    }

    private static func write(_ token: SuperAdminToken, to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", token.id)
            $0.field("scopes", token.scopes?.joined(separator: " "))
            $0.field("created_at", microseconds: token.createdAt.microseconds)
            $0.field("expires_at", microseconds: token.expiresAt?.microseconds)
            $0.field("revoked_at", microseconds: token.revokedAt?.microseconds)
            $0.field("last_used_at", microseconds: token.lastUsedAt?.microseconds)
            $0.field("last_used_address", token.lastUsedAddress)
        }
    }
}

/// `muster admin token revoke`
struct AdminTokenRevokeCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes an access token of a super admin; the next call with it is refused.")

    @OptionGroup var admin: AdminArgument

    @Argument(help: "The token's id.")
    var token: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            try await installed.directory.superAdmins.revokeToken(token, of: found.id, by: .command)
        }
        AppObject.done(output, "Token \(token) is revoked.")
    }
}
