// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster bot`
struct BotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bot", abstract: "Agent bots: the members that are no people.",
        subcommands: [
            BotListCommand.self, BotShowCommand.self, BotCreateCommand.self, BotUpdateCommand.self, BotDeleteCommand.self,
        ])
}

/// `muster bot list`
struct BotListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Finds agent bots, the newest first.", aliases: ["find"])

    @Argument(help: "Beginnings of words in the name.")
    var text: String?

    @Option(name: .long, help: ArgumentHelp("Bots of this account.", valueName: "id"))
    var account: Int64?

    @Option(name: .long, help: ArgumentHelp("What this Platform App may reach.", valueName: "id"))
    var app: Int64?

    @OptionGroup var list: ListOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var query = AgentBotListQuery(page: list.page)
        (query.text, query.accountID, query.platformAppID) = (text, account, app)
        let asked = query
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.agentBots.list(asked, by: .command)
        }
        ObjectText.list(page, output, ["id", "name", "account", "belongs to", "created"], none: "No agent bot matches.") { bot in
            [
                "\(bot.id)", Style.plain(bot.name ?? "-"), bot.accountID.map { "\($0)" } ?? "-",
                Style.plain(bot.firstOwner ?? "-"), ObjectText.time(bot.createdAt),
            ]
        } json: { bot, writer in
            writer.object {
                $0.field("id", bot.id)
                $0.field("name", bot.name)
                $0.field("description", bot.description)
                $0.field("account_id", bot.accountID)
                $0.field("created_at", microseconds: bot.createdAt.microseconds)
            }
        }
    }
}

/// `muster bot show`
struct BotShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows an agent bot and its owners.")

    @Argument(help: "The bot's id.")
    var bot: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (shown, owners) = try await Workplace(options, output).withInstalled {
            (
                try await $0.directory.agentBots.show(bot, by: .command),
                try await $0.directory.permissibles.owners(of: .agentBot, bot, by: .command)
            )
        }
        guard output.json else {
            return ObjectText.facts([
                ("id", "\(shown.id)"), ("name", shown.name), ("description", shown.description),
                ("account", shown.accountID.map { "\($0)" }), ("outgoing URL", shown.outgoingURL),
                ("belongs to", owners.words ?? "no app"),
            ])
        }
        Console.json { writer in
            writer.object {
                $0.field("id", shown.id)
                $0.field("name", shown.name)
                $0.field("description", shown.description)
                $0.field("account_id", shown.accountID)
                $0.field("outgoing_url", shown.outgoingURL)
                $0.owners(owners)
            }
        }
    }
}

/// What a bot can be given; an empty text takes it away.
struct BotFields: ParsableArguments {
    @Option(name: .long, help: "What it is for.")
    var description: String?

    @Option(name: .long, help: ArgumentHelp("Where its events are sent.", valueName: "url"))
    var outgoingURL: String?

    @Option(name: .long, help: ArgumentHelp("Its account; 0 makes it one of the installation.", valueName: "id"))
    var account: Int64?

    func draft(name: String?) -> AgentBotDraft {
        var draft = AgentBotDraft()
        if let name { draft.name = .some(name.isEmpty ? nil : name) }
        if let description { draft.description = .some(description.isEmpty ? nil : description) }
        if let outgoingURL { draft.outgoingURL = .some(outgoingURL.isEmpty ? nil : outgoingURL) }
        if let account { draft.accountID = .some(account == 0 ? nil : account) }
        return draft
    }
}

/// `muster bot create`
struct BotCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates an agent bot that belongs to no Platform App.")

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var fields: BotFields
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let draft = fields.draft(name: name)
        let bot = try await Workplace(options, output).withInstalled {
            try await $0.directory.agentBots.create(draft, by: .command)
        }
        ObjectText.done(output, "Created agent bot \(bot.id), \(Style.plain(bot.name ?? "")).", id: bot.id)
    }
}

/// `muster bot update`
struct BotUpdateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes what is given of an agent bot, and nothing else.")

    @Argument(help: "The bot's id.")
    var bot: Int64

    @Option(name: .long, help: "Its new name.")
    var name: String?

    @OptionGroup var fields: BotFields
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let draft = fields.draft(name: name)
        _ = try await Workplace(options, output).withInstalled {
            try await $0.directory.agentBots.update(bot, draft, by: .command)
        }
        ObjectText.done(output, "Changed agent bot \(bot).", id: bot)
    }
}

/// `muster bot delete`
struct BotDeleteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes an agent bot for everybody. This cannot be undone.")

    @Argument(help: "The bot's id.")
    var bot: Int64

    @Flag(name: .shortAndLong, help: "Do it.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try ObjectText.confirm(yes, "This deletes agent bot \(bot) and its access token.")
        try await Workplace(options, output).withInstalled { try await $0.directory.agentBots.delete(bot, by: .command) }
        ObjectText.done(output, "Deleted agent bot \(bot).", id: bot)
    }
}
