// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster user show`
struct UserShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a user with memberships, owners and what is in the way.")

    @OptionGroup var user: UserArgument
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let shown = try await Workplace(options, output).withInstalled { try await ShownUser(user, $0.directory) }
        if output.json { shown.write() } else { shown.print() }
    }
}

/// Everything that is told of a user; no secret.
struct ShownUser: Sendable {
    let user: User
    let facts: UserFacts
    let memberships: [MembershipListItem]
    let suspensions: [StandingSuspension]
    let owners: [ObjectOwner]

    init(_ argument: UserArgument, _ directory: Directory) async throws {
        let id = try await argument.id(directory)
        user = try await directory.users.show(id, by: .command)
        facts = try await directory.users.facts(id, by: .command)
        memberships = try await directory.memberships.list(userID: id, PageRequest(limit: 1_000), by: .command).items
        suspensions = try await directory.suspensions.standing(on: .user, id, by: .command)
        owners = try await directory.permissibles.owners(of: .user, id, by: .command)
    }

    func print() {
        ObjectText.facts([
            ("id", "\(user.id)"), ("name", user.name), ("display name", user.displayName), ("e-mail", user.email),
            ("status", suspensions.isEmpty ? "active" : "suspended"), ("suspended by", suspensions.words),
            ("belongs to", owners.words ?? "no app"), ("password", facts.hasPassword ? "set" : nil),
            ("sessions", "\(facts.sessions)"), ("access tokens", "\(facts.tokens)"),
            ("custom attributes", user.customAttributes.isEmptyObject ? nil : user.customAttributes.text),
            ("created", ObjectText.time(facts.createdAt)), ("changed", ObjectText.time(facts.updatedAt)),
        ])
        guard !memberships.isEmpty else { return }
        let rows = memberships.map {
            [
                "\($0.accountID)", Style.plain($0.accountName), $0.role, Style.plain($0.customRoleName ?? "-"), $0.availability,
                $0.suspensions.isEmpty ? "active" : "suspended",
            ]
        }
        Console.out(
            "\n" + Table.render(["account", "name", "role", "custom role", "availability", "status"], rows, Console.style))
    }

    func write() {
        Console.json { writer in
            writer.object { object in
                object.field("id", user.id)
                object.field("name", user.name)
                object.field("display_name", user.displayName)
                object.field("email", user.email)
                object.field("custom_attributes", raw: user.customAttributes.text)
                object.field("has_password", facts.hasPassword)
                object.field("sessions", facts.sessions)
                object.field("created_at", microseconds: facts.createdAt.microseconds)
                object.field("updated_at", microseconds: facts.updatedAt.microseconds)
                object.suspensions(suspensions)
                object.owners(owners)
                object.array("memberships") { array in
                    for membership in memberships { membership.write(to: &array) }
                }
            }
        }
    }
}

extension MembershipListItem {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("account_id", accountID)
            $0.field("account_name", accountName)
            $0.field("user_id", userID)
            $0.field("user_name", userName)
            $0.field("user_email", userEmail)
            $0.field("role", role)
            $0.field("custom_role_id", customRoleID)
            $0.field("availability", availability)
            $0.suspensions(suspensions)
        }
    }
}
