// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster app grant`
struct AppGrantCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Lets a Platform App act on an object that it did not create.")

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

/// `muster app revoke`
struct AppRevokeCommand: ReportingCommand {
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

/// Whose permissible, and of what.
struct AppObjectArguments: ParsableArguments {
    @Argument(help: "The app's id.")
    var app: Int64

    @Argument(help: "user, account or agent_bot.")
    var kind: String

    @Argument(help: "The object's id.")
    var id: Int64
}

/// How commands on permissibles name things.
enum AppObject {
    static func kind(_ text: String) throws(Failure) -> ObjectKind {
        guard let kind = ObjectKind(rawValue: text) else {
            let known = ObjectKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(code: "bad_kind", "\"\(text)\" is no kind of object: choose one of \(known)", status: .usage)
        }
        return kind
    }

    static func rights(_ text: String) throws(Failure) -> Rights {
        var rights: Rights = []
        for name in text.split(separator: ",") {
            guard let named = Rights.named.first(where: { $0.name == name }) else {
                let known = Rights.named.map(\.name).joined(separator: ", ")
                throw Failure(code: "bad_right", "\"\(name)\" is no right: choose of \(known)", status: .usage)
            }
            rights.formUnion(named.right)
        }
        return rights
    }

    static func done(_ output: OutputOptions, _ sentence: String) {
        if output.json {
            Console.json { writer in writer.object { $0.field("done", true) } }
        } else {
            Console.out(sentence)
        }
    }
}
