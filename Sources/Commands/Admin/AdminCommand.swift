// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory

/// `muster admin`
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Super admins: the people who operate the installation.",
        subcommands: [
            AdminCreateCommand.self, AdminListCommand.self, AdminDisableCommand.self, AdminEnableCommand.self,
            AdminResetPasswordCommand.self, AdminResetTOTPCommand.self, AdminSessionsCommand.self, AdminTokenCommand.self,
        ])
}

/// Which super admin a command is about.
struct AdminArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The super admin's e-mail address or id.", valueName: "email|id"))
    var admin: String

    /// The super admin meant.
    func find(in directory: Directory) async throws -> SuperAdmin {
        let email = SessionStore.normalisedEmail(admin)
        let admins = try await directory.superAdmins.list(by: .command)
        guard let found = admins.first(where: { $0.email == email || "\($0.id)" == admin }) else {
            throw Failure(code: "not_found", "there is no super admin \"\(Style.plain(admin))\"; `muster admin list` shows them")
        }
        return found
    }
}
