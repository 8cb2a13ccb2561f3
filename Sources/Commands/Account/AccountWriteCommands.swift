// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory

/// What an account can be given.
struct AccountFields: ParsableArguments {
    @Option(name: .long, help: "A language code such as en or pt_BR.")
    var locale: String?

    @Option(name: .long, help: "Empty takes it away.")
    var domain: String?

    @Option(name: .long, help: "Where its mail comes from; empty takes it away.")
    var supportEmail: String?

    @Option(name: .long, help: ArgumentHelp("Switch a feature on; may be repeated.", valueName: "feature"))
    var enable: [String] = []

    @Option(name: .long, help: ArgumentHelp("Switch a feature off; may be repeated.", valueName: "feature"))
    var disable: [String] = []

    @Option(name: .long, help: ArgumentHelp("A JSON object of numbers, such as {\"agents\": 50}.", valueName: "json"))
    var limits: String?

    @Option(name: .long, help: ArgumentHelp("A JSON object that takes the place of what is set.", valueName: "json"))
    var customAttributes: String?

    func draft(name: String?) throws -> AccountDraft {
        var draft = AccountDraft()
        (draft.name, draft.locale) = (name, locale)
        if let domain { draft.domain = .some(domain.isEmpty ? nil : domain) }
        if let supportEmail { draft.supportEmail = .some(supportEmail.isEmpty ? nil : supportEmail) }
        let switched = enable.map { ($0, true) } + disable.map { ($0, false) }
        if !switched.isEmpty { draft.features = Dictionary(switched) { $1 } }
        draft.limits = try ObjectText.object(limits, "--limits")
        draft.customAttributes = try ObjectText.object(customAttributes, "--custom-attributes")
        return draft
    }
}

/// `muster account create`
struct AccountCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates an account that belongs to no Platform App.")

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var fields: AccountFields
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let draft = try fields.draft(name: name)
        let account = try await Workplace(options, output).withInstalled {
            try await $0.directory.accounts.create(draft, by: .command)
        }
        ObjectText.done(output, "Created account \(account.id), \(Style.plain(account.name)).", id: account.id)
    }
}

/// `muster account update`
struct AccountUpdateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes what is given of an account, and nothing else.")

    @Argument(help: "The account's id.")
    var account: Int64

    @Option(name: .long, help: "Its new name.")
    var name: String?

    @OptionGroup var fields: AccountFields
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let draft = try fields.draft(name: name)
        let changed = try await Workplace(options, output).withInstalled {
            try await $0.directory.accounts.update(account, draft, by: .command)
        }
        ObjectText.done(output, "Changed account \(account), \(Style.plain(changed.name)).", id: account)
    }
}

/// `muster account suspend`
struct AccountSuspendCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Closes an account to its members; their other accounts stay open.")

    @Argument(help: "The account's id.")
    var account: Int64

    @Option(name: .long, help: "Why; shown to whoever looks.")
    var reason = ""

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled {
            try await $0.directory.suspensions.suspend(account: account, SuspensionReason(reason), by: .command)
        }
        ObjectText.done(output, "Suspended account \(account).", id: account)
    }
}

/// `muster account restore`
struct AccountRestoreCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Lifts the suspensions of an account, whoever set them; each is recorded.")

    @Argument(help: "The account's id.")
    var account: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled {
            _ = try await $0.directory.accounts.show(account, by: .command)
            try await $0.directory.suspensions.liftAll(on: .account, account, by: .command)
        }
        ObjectText.done(output, "Restored account \(account).", id: account)
    }
}

/// `muster account delete`
struct AccountDeleteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes an account for everybody; its members stay users. This cannot be undone.")

    @Argument(help: "The account's id.")
    var account: Int64

    @Flag(name: .shortAndLong, help: "Do it.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            let accounts = installed.directory.accounts
            let (shown, facts) = (
                try await accounts.show(account, by: .command), try await accounts.facts(account, by: .command)
            )
            try ObjectText.confirm(
                yes,
                "This deletes \(Style.plain(shown.name)) and ends \(facts.members) memberships and \(facts.agentBots) agent bots."
            )
            try await accounts.delete(account, by: .command)
        }
        ObjectText.done(output, "Deleted account \(account).", id: account)
    }
}

/// `muster account add-member`
struct AccountAddMemberCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-member", abstract: "Makes a user a member of an account, or changes the member's role.")

    @Argument(help: "The account's id.")
    var account: Int64

    @OptionGroup var user: UserArgument

    @Option(name: .long, help: "agent or administrator.")
    var role: String?

    @Option(name: .long, help: ArgumentHelp("A custom role of the account; 0 takes it away.", valueName: "id"))
    var customRole: Int64?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var draft = MembershipDraft()
        draft.role = try ObjectText.role(role)
        if let customRole { draft.customRoleID = .some(customRole == 0 ? nil : customRole) }
        let wanted = draft
        let membership = try await Workplace(options, output).withInstalled {
            var draft = wanted
            draft.userID = try await user.id($0.directory)
            return try await $0.directory.memberships.upsert(accountID: account, draft, by: .command)
        }
        ObjectText.done(
            output, "User \(membership.userID) is \(membership.role) in account \(account).", id: membership.userID)
    }
}

/// `muster account remove-member`
struct AccountRemoveMemberCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-member", abstract: "Ends a membership; the user stays.")

    @Argument(help: "The account's id.")
    var account: Int64

    @OptionGroup var user: UserArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let id = try await Workplace(options, output).withInstalled {
            let id = try await user.id($0.directory)
            try await $0.directory.memberships.delete(accountID: account, userID: id, by: .command)
            return id
        }
        ObjectText.done(output, "User \(id) is no member of account \(account) any more.", id: id)
    }
}
