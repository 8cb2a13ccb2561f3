// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import Glibc

/// The command line of Muster: a folder for each noun, a file for each verb.
package struct MusterCommand: AsyncParsableCommand {
    /// The version of the program.
    package static let version = "0.1.0"

    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "muster", abstract: "Keeps users, accounts and roles as your directory says.",
            discussion: "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 held by a guard, 4 the plan is stale.",
            version: version,
            subcommands: [
                ServeCommand.self, MigrateCommand.self, AppCommand.self, TokenCommand.self, GrantCommand.self, UserCommand.self,
                AccountCommand.self, BotCommand.self, AdminCommand.self, SyncCommand.self, ExplainCommand.self, PolicyCommand.self,
                AuditCommand.self,
                KeyCommand.self, BackupCommand.self, RestoreCommand.self, DoctorCommand.self, CompletionsCommand.self,
            ])
    }

    package init() {}

    /// Parses and runs, and gives the exit code.
    package static func run(arguments: [String]) async -> Int32 {
        var command: any ParsableCommand
        do {
            command = try parseAsRoot(arguments)
        } catch {
            return end(error)
        }
        let wantsJSON = (command as? any ReportingCommand)?.output.json ?? false
        do {
            if let parsed = command as? any AsyncParsableCommand {
                // Handed over whole: nobody touches it here any more.
                nonisolated(unsafe) let command = parsed
                try await Interruption.watching(isDaemon: parsed is ServeCommand) {
                    var command = command
                    try await command.run()
                }
            } else {
                // The parser's own, for help.
                do { try command.run() } catch { return end(error) }
            }
            return ExitStatus.done.rawValue
        } catch let status as ExitStatus {
            return status.rawValue
        } catch is Interruption {
            Console.error("interrupted; what was applied stays applied")
            return 130
        } catch  where error is CleanExit || error is ExitCode || error is ValidationError {
            return end(error)
        } catch {
            let failure = Failure(error)
            if wantsJSON { Console.out(failure.json) }
            Console.error("muster: \(failure.message)")
            return failure.status.rawValue
        }
    }

    /// What the parser has to say: help on standard output, mistakes on standard error.
    private static func end(_ error: any Error) -> Int32 {
        let message = fullMessage(for: error)
        guard exitCode(for: error) != .success else {
            Console.out(message)
            return ExitStatus.done.rawValue
        }
        Console.error(message)
        return ExitStatus.usage.rawValue
    }
}

/// How a command ends, for scripts; thrown by those that did their work and have something to say by their code.
package enum ExitStatus: Int32, Error, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    case held = 3
    case stale = 4
}
