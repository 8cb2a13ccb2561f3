// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import NIOPosix
import Policy
import WebSurface

/// `muster policy check`
struct PolicyCheckCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validates policies; every mistake with file, line and column.")

    @Argument(help: "A policy, or a folder of them; default the policies folder.")
    var files: [String] = []

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let folder = try options.load().policies
        let paths = files
        let loads = try await NIOThreadPool.singleton.runIfActive {
            paths.isEmpty
                ? [Policy.load(folder: folder)]
                : paths.map { PolicyFiles.isFolder($0) ? Policy.load(folder: $0) : Policy.load(files: [$0]) }
        }
        let policies = loads.flatMap(\.policies)
        let diagnostics = loads.flatMap(\.diagnostics)
        if output.json {
            Self.json(policies, diagnostics)
        } else {
            for diagnostic in diagnostics { Console.error("\(diagnostic)") }
            for policy in policies { Console.out("\(policy.file): \(policy.name) is sound") }
            if policies.isEmpty, diagnostics.isEmpty { Console.out("There is no policy in \(folder).") }
        }
        if !diagnostics.isEmpty { throw ExitStatus.failed }
    }

    private static func json(_ policies: [Policy], _ diagnostics: [PolicyDiagnostic]) {
        Console.json { writer in
            writer.object { body in
                body.array("policies") { list in
                    for policy in policies {
                        list.object {
                            $0.field("policy", policy.name)
                            $0.field("file", policy.file)
                            $0.field("platform_app", policy.platformApp)
                            $0.field("source", policy.source)
                        }
                    }
                }
                body.array("diagnostics") { list in
                    for diagnostic in diagnostics {
                        list.object {
                            $0.field("code", diagnostic.code.rawValue)
                            $0.field("file", diagnostic.file)
                            $0.field("line", Int64(diagnostic.line))
                            $0.field("column", Int64(diagnostic.column))
                            $0.field("message", diagnostic.message)
                            $0.field("suggestion", diagnostic.suggestion)
                        }
                    }
                }
            }
        }
    }
}
