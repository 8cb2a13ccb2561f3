// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import NIOPosix
import Secrets
import WebSurface

/// `muster admin create`
struct AdminCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a super admin; a password is made and shown once, unless one is given.")

    @Argument(help: "The e-mail address to sign in with.")
    var email: String

    @Option(name: .long, help: "The person's name; default the e-mail address.")
    var name: String?

    @Flag(name: .long, help: "Read the password from standard input, its first line.")
    var passwordStdin = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let given = passwordStdin ? try await Self.passwordFromStandardInput() : nil
        let password = given ?? Self.generated()
        let id = try await Workplace(options, output).withInstalled { installed in
            try await installed.directory.superAdmins.create(email: email, name: name ?? email, password: password, by: .command)
        }
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("id", id)
                    $0.field("email", email)
                    if given == nil { $0.field("password", password) }
                }
            }
        } else {
            Console.out(
                "Created super admin \(id), \(Style.plain(email))."
                    + (given == nil ? "\npassword (shown this once): \(password)" : ""))
        }
    }

    /// About 142 bits, in groups that can be typed; of every class that a password needs.
    static func generated() -> String {
        while true {
            let password = (0..<4).map { _ in SecureRandom.base62(6) }.joined(separator: "-")
            if PasswordPolicy().violations(of: password).isEmpty { return password }
        }
    }

    /// The first line of standard input.
    static func passwordFromStandardInput() async throws -> String {
        let line = try await NIOThreadPool.singleton.runIfActive { readLine(strippingNewline: true) }
        guard let line, !line.isEmpty else {
            throw Failure(code: "no_password", "standard input holds no password in its first line", status: .usage)
        }
        return line
    }
}
