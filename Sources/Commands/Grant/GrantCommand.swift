// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster grant`
struct GrantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "What a Platform App may reach, and what it may do with it.",
        subcommands: [GrantAddCommand.self, GrantListCommand.self, GrantRevokeCommand.self])
}

/// `muster grant add`
struct GrantAddCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Lets a Platform App act on an object that it did not create, or changes what it may do.")

    @OptionGroup var object: AppObjectArguments

    @Option(name: .long, help: ArgumentHelp("read, write, impersonate, delete, separated by commas.", valueName: "rights"))
    var rights = "read"

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (kind, rights) = (try AppObject.kind(object.kind), try AppObject.rights(rights))
        try await Workplace(options, output).withInstalled {
            try await $0.directory.permissibles.grant(kind, object.id, to: object.app, rights, by: .command)
        }
        AppObject.done(
            output,
            "Platform App \(object.app) may \(rights.union(.read).names.joined(separator: ", ")) \(kind.rawValue) \(object.id).")
    }
}

/// `muster grant revoke`
struct GrantRevokeCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Takes a Platform App's reach of an object away; the object lives on.")

    @OptionGroup var object: AppObjectArguments
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let kind = try AppObject.kind(object.kind)
        try await Workplace(options, output).withInstalled {
            try await $0.directory.permissibles.revoke(kind, object.id, from: object.app, by: .command)
        }
        AppObject.done(output, "Platform App \(object.app) cannot reach \(kind.rawValue) \(object.id) any more.")
    }
}

/// `muster grant list`
struct GrantListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what a Platform App may reach of a kind, by id.")

    @Argument(help: "The app's id.")
    var app: Int64

    @Argument(help: "user, account or agent_bot.")
    var kind = "account"

    @Option(name: .long, help: ArgumentHelp("1 to 1000.", valueName: "number"))
    var limit = 100

    @Option(name: .long, help: ArgumentHelp("Only objects with a greater id: the next page.", valueName: "id"))
    var after: Int64?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (kind, request) = (try AppObject.kind(kind), PageRequest(limit: limit, after: after ?? 0))
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.permissibles.list(kind, of: app, request, by: .command)
        }
        if output.json {
            Console.json { writer in writer.array { for permissible in page.items { Self.write(permissible, to: &$0) } } }
            return
        }
        guard !page.items.isEmpty else { return Console.out("Platform App \(app) reaches no \(kind.rawValue).") }
        let rows = page.items.map { permissible in
            [
                "\(permissible.object.id)", Style.plain(permissible.object.email ?? permissible.object.name ?? "-"),
                permissible.origin, permissible.rights.names.joined(separator: " "), permissible.createdAt.text,
            ]
        }
        Console.out(
            Table.render([kind.rawValue, "name", "origin", "rights", "since"], rows, Console.style)
                + (page.next.map { "\nMore: --after \($0)" } ?? ""))
    }

    private static func write(_ permissible: AppPermissible, to writer: inout JSONWriter) {
        writer.object {
            $0.field("kind", permissible.kind.rawValue)
            $0.field("id", permissible.object.id)
            if let name = permissible.object.name { $0.field("name", name) }
            if let email = permissible.object.email { $0.field("email", email) }
            $0.field("origin", permissible.origin)
            $0.array("rights") { for right in permissible.rights.names { $0.element(right) } }
            $0.field("created_at", microseconds: permissible.createdAt.microseconds)
        }
    }
}
