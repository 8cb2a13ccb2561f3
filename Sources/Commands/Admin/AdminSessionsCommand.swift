// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster admin sessions`
struct AdminSessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Sessions of super admins in the console.",
        subcommands: [AdminSessionsListCommand.self, AdminSessionsEndCommand.self],
        defaultSubcommand: AdminSessionsListCommand.self)
}

/// `muster admin sessions list`
struct AdminSessionsListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists who is signed in.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (sessions, admins) = try await Workplace(options, output).withInstalled { installed in
            (
                try await installed.directory.superAdminSessions.list(of: nil, by: .command),
                try await installed.directory.superAdmins.list(by: .command)
            )
        }
        let emails = Dictionary(admins.map { ($0.id, $0.email) }) { first, _ in first }
        if output.json {
            Console.json { writer in
                writer.array { for session in sessions { Self.write(session, emails[session.superAdminID], to: &$0) } }
            }
        } else if sessions.isEmpty {
            Console.out("No super admin is signed in.")
        } else {
            let rows = sessions.map { session in
                [
                    "\(session.id)", Style.plain(emails[session.superAdminID] ?? "\(session.superAdminID)"),
                    Self.time(session.createdAt), Self.time(session.seenAt), session.address ?? "-",
                    Style.plain(session.userAgent ?? "-"),
                ]
            }
            Console.out(Table.render(["id", "super admin", "begun", "seen", "address", "browser"], rows, Console.style))
        }
    }

    private static func time(_ timestamp: Timestamp) -> String {
        RunText.time(PostgresTimestamp(microseconds: timestamp.microseconds))
    }

    private static func write(_ session: ListedSuperAdminSession, _ email: String?, to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", session.id)
            $0.field("super_admin_id", session.superAdminID)
            $0.field("email", email)
            $0.field("created_at", microseconds: session.createdAt.microseconds)
            $0.field("seen_at", microseconds: session.seenAt.microseconds)
            $0.field("expires_at", microseconds: session.expiresAt.microseconds)
            $0.field("address", session.address)
            $0.field("user_agent", session.userAgent)
        }
    }
}

/// `muster admin sessions end`
struct AdminSessionsEndCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "end", abstract: "Ends sessions of a super admin.")

    @OptionGroup var admin: AdminArgument

    @Option(name: .long, help: ArgumentHelp("The one to end; default: all of them.", valueName: "id"))
    var session: Int64?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let ended = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            let sessions = installed.directory.superAdminSessions
            guard let session else { return try await sessions.endOthers(of: found.id, by: .command) }
            try await sessions.end(session, of: found.id, by: .command)
            return 1
        }
        if output.json {
            Console.json { writer in writer.object { $0.field("ended", ended) } }
        } else {
            Console.out("Ended \(ended) \(ended == 1 ? "session" : "sessions").")
        }
    }
}
