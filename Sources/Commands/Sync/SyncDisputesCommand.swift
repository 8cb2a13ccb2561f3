// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster sync disputes`
struct SyncDisputesCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "disputes", abstract: "Lists entries that the last reads could not take for one user, with both sides.",
        discussion: "`muster sync resolve` says whose they are; what is set right at the source vanishes with the next run.")

    @Option(name: .long, help: "Only those of this source.")
    var source: String?

    @Option(name: .long, help: "Only those of this policy.")
    var policy: String?

    @Option(name: .long, help: "Only those in this state: open, decided, ignored or lapsed.")
    var state: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let state, Dispute.State(rawValue: state) == nil {
            throw ValidationError("--state is one of \(Dispute.State.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let filter = DisputeFilter(source: source, policy: policy, state: state.flatMap(Dispute.State.init(rawValue:)))
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.disputes.list(filter, list.page, by: .command)
        }
        ObjectText.list(
            page, output, ["dispute", "source", "entry", "e-mail", "why", "may be", "state"],
            none: "No entry waits for a person.", row: \.row, json: { $0.write(to: &$1) })
    }
}

extension Dispute {
    fileprivate var row: [String] {
        let users = candidates.map { user in
            let owners = user.owners.map { Style.plain($0.appName) }
            return "user \(user.id) \(user.email) (\(owners.isEmpty ? "of no app" : owners.joined(separator: ", ")))"
        }
        let others = rivals.map { "line \($0.line ?? 0) of the export" }
        return [
            "\(id)", Style.plain(source), Style.plain(entry ?? externalID), Style.plain(email ?? "-"), code,
            Style.plain((users + others).joined(separator: "; ")), words,
        ]
    }

    private var words: String {
        guard let verdict else { return state.rawValue }
        let what = verdict.userID.map { "\(verdict.decision.rawValue) user \($0)" } ?? verdict.decision.rawValue
        return verdict.lapsed.map { "lapsed: \(what), \($0)" } ?? "\(what) by \(verdict.by.name ?? verdict.by.kind)"
    }
}

/// `muster sync resolve`
struct SyncResolveCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Says whose a disputed entry is, or leaves it alone.",
        discussion: "The next run of the policy acts on it; a daemon that watches its export begins one within seconds.")

    @Argument(help: "The source, from `muster sync disputes`.")
    var source: String

    @Argument(help: "The entry: its dn, e-mail, immutable id, or the dispute's number.")
    var entry: String

    @Option(
        name: .long, help: ArgumentHelp("It is this user, by id or e-mail, whom the policy's app may write.", valueName: "user"))
    var link: String?

    @Option(name: .long, help: ArgumentHelp("The same, and the app is granted the right to.", valueName: "user"))
    var adopt: String?

    @Flag(name: .long, help: "Leave the entry alone.")
    var ignore = false

    @Flag(name: .long, help: "Take back what was decided.")
    var reconsider = false

    @Option(name: .long, help: "Why, for the journal.")
    var reason: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let ways = [link != nil, adopt != nil, ignore, reconsider].filter { $0 }.count
        guard ways == 1 else { throw ValidationError("Give one of --link USER, --adopt USER, --ignore and --reconsider.") }
    }

    func run() async throws {
        let dispute = try await Workplace(options, output).withInstalled { installed in
            let directory = installed.directory
            let id = try await find(directory)
            try await directory.disputes.resolve(id, resolution(directory), reason: reason, by: .command)
            return try await directory.disputes.show(id, by: .command)
        }
        guard !output.json else { return Console.json { dispute.write(to: &$0) } }
        let name = Style.plain(dispute.entry ?? dispute.email ?? dispute.externalID)
        switch dispute.state {
        case .decided:
            Console.out(
                "\(name) is user \(dispute.verdict?.userID ?? 0): the next run of \(Style.plain(dispute.policy)) links it.")
        case .ignored: Console.out("\(name) is left alone until somebody reconsiders that.")
        default: Console.out("\(name) waits for a person again.")
        }
    }

    private func find(_ directory: Directory) async throws -> Int64 {
        let filter = DisputeFilter(source: source, entry: entry)
        let found = try await directory.disputes.list(filter, PageRequest(limit: 2), by: .command).items
        guard let first = found.first else {
            throw Failure(
                code: "not_found",
                "no entry \"\(Style.plain(entry))\" of \(Style.plain(source)) is disputed; `muster sync disputes` lists them")
        }
        guard found.count == 1 else {
            throw Failure(
                code: "ambiguous", "several entries are meant by \"\(Style.plain(entry))\": name the dispute by its number",
                status: .usage)
        }
        return first.id
    }

    private func resolution(_ directory: Directory) async throws -> DisputeResolution {
        if let link { return .link(try await UserArgument(user: link).id(directory)) }
        if let adopt { return .adopt(try await UserArgument(user: adopt).id(directory)) }
        return ignore ? .ignore : .reconsider
    }
}
