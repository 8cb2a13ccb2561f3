// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster user list`
struct UserListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Finds users, the newest first.", aliases: ["find"])

    @Argument(help: "Beginnings of words in name and e-mail address, or an id.")
    var text: String?

    @Option(name: .long, help: "The whole address.")
    var email: String?

    @Option(name: .long, help: ArgumentHelp("The id that a source knows the person by.", valueName: "id"))
    var externalID: String?

    @Option(name: .long, help: ArgumentHelp("Members of this account.", valueName: "id"))
    var account: Int64?

    @Option(name: .long, help: ArgumentHelp("What this Platform App may reach.", valueName: "id"))
    var app: Int64?

    @Option(name: .long, help: "active or suspended.")
    var status: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard let status, UserQuery.Status(rawValue: status) == nil else { return }
        throw ValidationError("--status is active or suspended.")
    }

    func run() async throws {
        var query = UserListQuery(page: list.page)
        (query.text, query.email, query.externalID) = (text, email, externalID)
        (query.accountID, query.platformAppID) = (account, app)
        query.status = status.flatMap(UserQuery.Status.init(rawValue:))
        let asked = query
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.users.list(asked, by: .command)
        }
        ObjectText.list(
            page, output, ["id", "name", "e-mail", "status", "memberships", "belongs to", "created"], none: "No user matches."
        ) { user in
            [
                "\(user.id)", Style.plain(user.name), Style.plain(user.email), user.isSuspended ? "suspended" : "active",
                "\(user.memberships)", Style.plain(user.firstOwner ?? "-"), ObjectText.time(user.createdAt),
            ]
        } json: { user, writer in
            writer.object {
                $0.field("id", user.id)
                $0.field("name", user.name)
                $0.field("display_name", user.displayName)
                $0.field("email", user.email)
                $0.field("suspended", user.isSuspended)
                $0.field("memberships", user.memberships)
                $0.field("created_at", microseconds: user.createdAt.microseconds)
            }
        }
    }
}
