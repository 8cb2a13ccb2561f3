// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster app transfer`
struct AppTransferCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Gives all that a Platform App reaches, or one object, to another app.",
        discussion: """
            Where both apps reach an object, the rights of both are kept. With everything go the sources of syncs: policies that \
            fed them must name the other app from then on. A transfer that is interrupted goes on when it is asked for again.
            """)

    @Argument(help: "The id of the app that has the objects.")
    var from: Int64

    @Argument(help: "The id of the app that gets them.")
    var to: Int64

    @Option(name: .long, help: ArgumentHelp("One object instead of all: user:7, account:3 or agent_bot:5.", valueName: "object"))
    var only: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard let only else {
            let handover = try await Workplace(options, output).withInstalled {
                try await $0.directory.platformApps.transferAll(from: from, to: to, by: .command)
            }
            handover.show(output, "Platform App \(to) got \(handover.text) of Platform App \(from).")
            return
        }
        let parts = only.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let id = Int64(parts[1]) else {
            throw Failure(code: "bad_object", "\"\(only)\" is no object: write user:7, account:3 or agent_bot:5", status: .usage)
        }
        let kind = try AppObject.kind(String(parts[0]))
        try await Workplace(options, output).withInstalled {
            try await $0.directory.platformApps.transfer(kind, id, from: from, to: to, by: .command)
        }
        AppObject.done(output, "Platform App \(to) got \(kind.rawValue) \(id) of Platform App \(from).")
    }
}

/// `muster app delete`
struct AppDeleteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes a Platform App; what it reaches goes to another app, or is released.",
        discussion: """
            No object is ever destroyed by this. Without a choice the command says what the app has, and does nothing. Its tokens, \
            webhooks and login links end; the audit trail and the journal of its runs stay.
            """)

    @Argument(help: "The app's id.")
    var app: Int64

    @Option(name: .long, help: ArgumentHelp("The id of the app that gets its objects and sources.", valueName: "app"))
    var transferTo: Int64?

    @Flag(name: .long, help: "Leave its objects to no app: only operators reach them then.")
    var release = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if release, transferTo != nil { throw ValidationError("Choose one of --transfer-to and --release.") }
    }

    func run() async throws {
        let workplace = try Workplace(options, output)
        guard release || transferTo != nil else {
            let stakes = try await workplace.withInstalled { try await $0.directory.platformApps.stakes(app, by: .command) }
            throw Failure(
                code: "no_choice",
                "Platform App \(app) has \(stakes.reach.text), \(stakes.liveTokens) tokens, \(stakes.webhooks) webhooks: say "
                    + "--transfer-to APP, or --release to leave its objects to no app", status: .usage)
        }
        let handover = try await workplace.withInstalled {
            try await $0.directory.platformApps.delete(app, to: transferTo, by: .command)
        }
        let gone = transferTo.map { "went to Platform App \($0)" } ?? "belong to no app now"
        handover.show(output, "Platform App \(app) is deleted; \(handover.text) \(gone).")
    }
}
