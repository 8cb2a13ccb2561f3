// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory

/// `muster user create`
struct UserCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a user that belongs to no Platform App.")

    @Argument(help: "The e-mail address.")
    var email: String

    @Option(name: .long, help: "The person's name.")
    var name: String

    @Option(name: .long, help: "Shown in place of the name.")
    var displayName: String?

    @Option(name: .long, help: ArgumentHelp("A JSON object.", valueName: "json"))
    var customAttributes: String?

    @Flag(name: .long, help: "Read a password from standard input, its first line. Without one: sign-in by login link only.")
    var passwordStdin = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var draft = UserDraft()
        (draft.email, draft.name, draft.displayName) = (email, name, displayName)
        draft.customAttributes = try ObjectText.object(customAttributes, "--custom-attributes")
        if passwordStdin { draft.password = try await AdminCreateCommand.passwordFromStandardInput() }
        let wanted = draft
        let user = try await Workplace(options, output).withInstalled {
            try await $0.directory.users.create(wanted, by: .command)
        }
        ObjectText.done(output, "Created user \(user.id), \(Style.plain(user.email)).", id: user.id)
    }
}

/// `muster user update`
struct UserUpdateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes what is given of a user, and nothing else.")

    @OptionGroup var user: UserArgument

    @Option(name: .long, help: "The person's name.")
    var name: String?

    @Option(name: .long, help: "Shown in place of the name; empty takes it away.")
    var displayName: String?

    @Option(name: .long, help: "The new address.")
    var email: String?

    @Option(name: .long, help: ArgumentHelp("A JSON object that takes the place of what is set.", valueName: "json"))
    var customAttributes: String?

    @Flag(name: .long, help: "Read a new password from standard input, its first line; ends the user's sessions.")
    var passwordStdin = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var update = UserUpdate()
        (update.name, update.email) = (name, email)
        if let displayName { update.displayName = .some(displayName.isEmpty ? nil : displayName) }
        update.customAttributes = try ObjectText.object(customAttributes, "--custom-attributes")
        update.replacesCustomAttributes = customAttributes != nil
        if passwordStdin { update.password = try await AdminCreateCommand.passwordFromStandardInput() }
        let wanted = update
        let changed = try await Workplace(options, output).withInstalled {
            try await $0.directory.users.update(try await user.id($0.directory), wanted, by: .command)
        }
        ObjectText.done(output, "Changed user \(changed.id), \(Style.plain(changed.email)).", id: changed.id)
    }
}

/// `muster user suspend`
struct UserSuspendCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Suspends a user: tokens and sessions stop at once.")

    @OptionGroup var user: UserArgument

    @Option(name: .long, help: "Why; shown to whoever looks.")
    var reason = ""

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let suspended = try await Workplace(options, output).withInstalled {
            try await $0.directory.suspensions.suspend(
                user: try await user.id($0.directory), SuspensionReason(reason), by: .command)
        }
        ObjectText.done(output, "Suspended user \(suspended.id), \(Style.plain(suspended.email)).", id: suspended.id)
    }
}

/// `muster user restore`
struct UserRestoreCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Lifts the suspensions of a user, whoever set them.",
        discussion: "Each one that is lifted is recorded with its author. --own lifts the one that a command set, and no other.")

    @OptionGroup var user: UserArgument

    @Flag(name: .long, help: "Leave alone what others suspended.")
    var own = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (id, left) = try await Workplace(options, output).withInstalled { installed in
            let id = try await user.id(installed.directory)
            let suspensions = installed.directory.suspensions
            // Also finds that there is no such user.
            _ = try await suspensions.restore(user: id, by: .command)
            if !own { try await suspensions.liftAll(on: .user, id, by: .command) }
            return (id, try await suspensions.standing(on: .user, id, by: .command))
        }
        ObjectText.done(
            output, left.words.map { "User \(id) is still suspended by \(Style.plain($0))." } ?? "Restored user \(id).", id: id)
    }
}

/// `muster user delete`
struct UserDeleteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes a user for everybody. This cannot be undone.")

    @OptionGroup var user: UserArgument

    @Flag(name: .shortAndLong, help: "Do it.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let id = try await Workplace(options, output).withInstalled { installed in
            let directory = installed.directory
            let id = try await user.id(directory)
            let (shown, facts) = (
                try await directory.users.show(id, by: .command), try await directory.users.facts(id, by: .command)
            )
            try ObjectText.confirm(
                yes,
                "This deletes \(Style.plain(shown.email)) and ends \(facts.memberships) memberships and \(facts.sessions) sessions."
            )
            try await directory.users.delete(id, by: .command)
            return id
        }
        ObjectText.done(output, "Deleted user \(id).", id: id)
    }
}

/// `muster user hand-back`
struct UserHandBackCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "hand-back",
        abstract: "Gives fields back to the directory that somebody took over by editing them; `muster explain` lists them.")

    @OptionGroup var user: UserArgument

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("Such as name or custom_attributes.title, several times; default all of them.", valueName: "field"))
    var field: [String] = []

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let fields = field.isEmpty ? nil : field
        let user = try await Workplace(options, output).withInstalled {
            let id = try await self.user.id($0.directory)
            return try await $0.directory.users.handBack(id, fields: fields, by: .command)
        }
        ObjectText.done(
            output,
            "The directory sets \(field.isEmpty ? "every field" : field.joined(separator: ", ")) of user \(user.id) again.",
            id: user.id)
    }
}
