// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster app rotate`
struct AppRotateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Mints an access token in the place of one, which stays valid for an overlap.")

    @Argument(help: "The app's id.")
    var app: Int64

    @Option(name: .long, help: ArgumentHelp("Which token, where the app has several.", valueName: "id"))
    var token: Int64?

    @Option(
        name: .long, help: ArgumentHelp("How long the former token stays valid: 90s, 30m, 1h, 7d; 0 ends it.", valueName: "time"))
    var overlap = "1h"

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let overlap = try Span.seconds(overlap)
        let issued = try await Workplace(options, output).withInstalled {
            try await $0.directory.platformApps.rotate(app, token: token, overlap: overlap, by: .command)
        }
        issued.show(output)
    }
}

/// `muster app token`
struct AppTokenCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Issues one more access token to a Platform App, with scopes and an expiry if wanted.")

    @Argument(help: "The app's id.")
    var app: Int64

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Such as users:read or accounts:*; may be repeated. None: whatever the app may do.", valueName: "scope"))
    var scope: [String] = []

    @Option(name: .long, help: ArgumentHelp("30m, 1h, 7d.", valueName: "time"))
    var expiresIn: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let wanted = try Self.scopes(scope)
        let seconds = try expiresIn.map { text throws(Failure) in try Span.seconds(text) }
        let issued = try await Workplace(options, output).withInstalled {
            try await $0.directory.platformApps.issue(to: app, scopes: wanted, expiresIn: seconds, by: .command)
        }
        issued.show(output)
    }

    /// The scopes that the texts name; nil for none given.
    static func scopes(_ texts: [String]) throws(Failure) -> [Scope]? {
        var scopes: [Scope] = []
        for text in texts {
            guard let known = Scope(text) else {
                let verbs = Set(Scope.verbs.values.joined()).sorted().joined(separator: ", ")
                let nouns = Scope.verbs.keys.sorted().joined(separator: ", ")
                throw Failure(
                    code: "bad_scope", "\"\(text)\" is no scope: NOUN:VERB (verbs are \(verbs)), NOUN:* or *, of \(nouns)",
                    status: .usage)
            }
            scopes.append(known)
        }
        return scopes.isEmpty ? nil : scopes
    }
}

extension IssuedToken {
    /// Shows the token, this once.
    func show(_ output: OutputOptions) {
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("token_id", id)
                    $0.field("access_token", accessToken)
                }
            }
        } else {
            Console.out("Issued token \(id).\naccess_token: \(accessToken)")
        }
    }
}

/// A span of time as a person writes it.
enum Span {
    /// Seconds in `90`, `90s`, `30m`, `1h` or `7d`.
    static func seconds(_ text: String) throws(Failure) -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard let count = Int64(digits), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), count <= 1_000_000_000 else {
            throw Failure(code: "bad_time", "\"\(text)\" is no time: write 90s, 30m, 1h or 7d", status: .usage)
        }
        return count * (unit ?? 1)
    }
}
