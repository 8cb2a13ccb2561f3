// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster admin reset-totp`
struct AdminResetTOTPCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-totp",
        abstract: "Takes the authenticator of a super admin away who lost it; the password alone signs in then.")

    @OptionGroup var admin: AdminArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            try await installed.directory.superAdmins.resetTOTP(of: found.id, by: .command)
            return found
        }
        AppObject.done(
            output, "Super admin \(found.id), \(Style.plain(found.email)), has no authenticator; every session has ended.")
    }
}

/// `muster admin reset-password`
struct AdminResetPasswordCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-password",
        abstract: "Gives a super admin another password, made and shown once unless one is given; every session ends.")

    @OptionGroup var admin: AdminArgument

    @Flag(name: .long, help: "Read the password from standard input, its first line.")
    var passwordStdin = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let given = passwordStdin ? try await AdminCreateCommand.passwordFromStandardInput() : nil
        let password = given ?? AdminCreateCommand.generated()
        let found = try await Workplace(options, output).withInstalled { installed in
            let found = try await admin.find(in: installed.directory)
            try await installed.directory.superAdmins.resetPassword(of: found.id, to: password, by: .command)
            return found
        }
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("id", found.id)
                    $0.field("email", found.email)
                    if given == nil { $0.field("password", password) }
                }
            }
        } else {
            Console.out(
                "Super admin \(found.id), \(Style.plain(found.email)), has another password; every session has ended."
                    + (given == nil ? "\npassword (shown this once): \(password)" : ""))
        }
    }
}
