// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster admin list`
struct AdminListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists super admins.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let admins = try await Workplace(options, output).withInstalled {
            try await $0.directory.superAdmins.list(by: .command)
        }
        if output.json {
            Console.json { writer in writer.array { for admin in admins { Self.write(admin, to: &$0) } } }
        } else if admins.isEmpty {
            Console.out("There is no super admin yet; `muster admin create EMAIL` makes one.")
        } else {
            let rows = admins.map { admin in
                [
                    "\(admin.id)", Style.plain(admin.email) + (admin.isDisabled ? " (disabled)" : ""), Style.plain(admin.name),
                    admin.hasTOTP ? "yes, \(admin.recoveryCodesLeft) recovery codes" : "no", "\(admin.sessions)",
                    admin.seenAt.map { RunText.time(PostgresTimestamp(microseconds: $0.microseconds)) } ?? "-",
                ]
            }
            Console.out(Table.render(["id", "email", "name", "authenticator", "sessions", "seen"], rows, Console.style))
        }
    }

    private static func write(_ admin: SuperAdmin, to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", admin.id)
            $0.field("email", admin.email)
            $0.field("name", admin.name)
            $0.field("disabled", admin.isDisabled)
            $0.field("totp", admin.hasTOTP)
            $0.field("recovery_codes_left", admin.recoveryCodesLeft)
            $0.field("sessions", admin.sessions)
            $0.field("created_at", microseconds: admin.createdAt.microseconds)
            $0.field("seen_at", microseconds: admin.seenAt?.microseconds)
        }
    }
}
