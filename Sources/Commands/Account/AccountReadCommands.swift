// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster account list`
struct AccountListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Finds accounts, the newest first.", aliases: ["find"])

    @Argument(help: "Beginnings of words in name and domain, or an id.")
    var text: String?

    @Option(name: .long, help: "active or suspended.")
    var status: String?

    @Option(name: .long, help: ArgumentHelp("What this Platform App may reach.", valueName: "id"))
    var app: Int64?

    @OptionGroup var list: ListOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard let status, AccountStatus(rawValue: status) == nil else { return }
        throw ValidationError("--status is active or suspended.")
    }

    func run() async throws {
        var query = AccountListQuery(page: list.page)
        (query.text, query.platformAppID, query.status) = (text, app, status.flatMap(AccountStatus.init(rawValue:)))
        let asked = query
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.accounts.list(asked, by: .command)
        }
        ObjectText.list(
            page, output, ["id", "name", "domain", "locale", "status", "members", "belongs to", "created"],
            none: "No account matches."
        ) { account in
            [
                "\(account.id)", Style.plain(account.name), Style.plain(account.domain ?? "-"), account.locale,
                account.isSuspended ? "suspended" : "active",
                "\(account.members)\(account.members >= AccountListItem.mostMembers ? "+" : "")",
                Style.plain(account.firstOwner ?? "-"), ObjectText.time(account.createdAt),
            ]
        } json: { account, writer in
            writer.object {
                $0.field("id", account.id)
                $0.field("name", account.name)
                $0.field("domain", account.domain)
                $0.field("locale", account.locale)
                $0.field("suspended", account.isSuspended)
                $0.field("created_at", microseconds: account.createdAt.microseconds)
            }
        }
    }
}

/// `muster account show`
struct AccountShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows an account with its owners and what is in the way.")

    @Argument(help: "The account's id.")
    var account: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (shown, facts, standing, owners) = try await Workplace(options, output).withInstalled { installed in
            let directory = installed.directory
            return (
                try await directory.accounts.show(account, by: .command),
                try await directory.accounts.facts(account, by: .command),
                try await directory.suspensions.standing(on: .account, account, by: .command),
                try await directory.permissibles.owners(of: .account, account, by: .command)
            )
        }
        guard output.json else {
            return ObjectText.facts([
                ("id", "\(shown.id)"), ("name", shown.name), ("domain", shown.domain), ("support e-mail", shown.supportEmail),
                ("locale", shown.locale), ("status", shown.status.rawValue), ("suspended by", standing.words),
                ("belongs to", owners.words ?? "no app"), ("members", "\(facts.members)"),
                ("custom roles", "\(facts.customRoles)"), ("agent bots", "\(facts.agentBots)"),
                ("limits", shown.limits.isEmptyObject ? nil : shown.limits.text),
                ("features", shown.features.joined(separator: ", ")),
                ("custom attributes", shown.customAttributes.isEmptyObject ? nil : shown.customAttributes.text),
                ("created", ObjectText.time(facts.createdAt)), ("changed", ObjectText.time(facts.updatedAt)),
            ])
        }
        Console.json { writer in
            writer.object { object in
                object.field("id", shown.id)
                object.field("name", shown.name)
                object.field("domain", shown.domain)
                object.field("support_email", shown.supportEmail)
                object.field("locale", shown.locale)
                object.field("status", shown.status.rawValue)
                object.field("members", facts.members)
                object.field("limits", raw: shown.limits.text)
                object.array("features") { array in for name in shown.features { array.element(name) } }
                object.field("custom_attributes", raw: shown.customAttributes.text)
                object.field("created_at", microseconds: facts.createdAt.microseconds)
                object.suspensions(standing)
                object.owners(owners)
            }
        }
    }
}

/// `muster account members`
struct AccountMembersCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "Lists the members of an account, the latest first.")

    @Argument(help: "The account's id.")
    var account: Int64

    @OptionGroup var list: ListOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.memberships.members(of: account, list.page, by: .command)
        }
        ObjectText.list(
            page, output, ["user", "name", "e-mail", "role", "custom role", "availability", "status"],
            none: "The account has no members."
        ) { member in
            [
                "\(member.userID)", Style.plain(member.userName), Style.plain(member.userEmail), member.role,
                Style.plain(member.customRoleName ?? "-"), member.availability,
                member.suspensions.isEmpty && !member.isUserSuspended ? "active" : "suspended",
            ]
        } json: { member, writer in
            member.write(to: &writer)
        }
    }
}
