// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Secrets
import WebSurface

/// `muster token list`
struct TokenListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists access tokens, the newest first; never the secrets.")

    @Option(
        name: .long,
        help: ArgumentHelp("platform_app, user, agent_bot or super_admin; platform_app:7 is one owner.", valueName: "owner"))
    var owner: String?

    @Option(name: .long, help: ArgumentHelp("live, revoked or expired.", valueName: "state"))
    var state: String?

    @Option(name: .long, help: ArgumentHelp("Only tokens that were given this scope by name.", valueName: "scope"))
    var scope: String?

    @Option(name: .long, help: ArgumentHelp("1 to 1000.", valueName: "number"))
    var limit = 50

    @Option(name: .long, help: ArgumentHelp("Only tokens older than this one: the next page.", valueName: "id"))
    var before: Int64?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let query = try query()
        let page = try await Workplace(options, output).withInstalled {
            try await $0.directory.tokens.list(query, by: .command)
        }
        if output.json {
            Console.json { writer in writer.array { for token in page.items { token.write(to: &$0) } } }
            return
        }
        guard !page.items.isEmpty else { return Console.out("There is no such token.") }
        let rows = page.items.map { token in
            [
                "\(token.id)", token.ownerText, token.scopeText, token.stateText, token.lastUsedAt.text,
                token.expiresAt?.text ?? "never", token.createdAt.text,
            ]
        }
        Console.out(
            Table.render(["id", "owner", "scopes", "state", "last used", "expires", "created"], rows, Console.style)
                + (page.next.map { "\nMore: --before \($0)" } ?? ""))
    }

    private func query() throws(Failure) -> TokenQuery {
        var query = TokenQuery(page: PageRequest(limit: limit, after: before ?? 0))
        if let owner {
            let parts = owner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            query.ownerKind = AccessTokenClaims.Owner(name: parts[0])
            query.ownerID = parts.count > 1 ? Int64(parts[1]) : nil
            guard query.ownerKind != nil, parts.count == 1 || query.ownerID != nil else {
                let known = AccessTokenClaims.Owner.allCases.map(\.name).joined(separator: ", ")
                throw Failure(code: "bad_owner", "\"\(owner)\" is no owner: choose of \(known), with :ID for one", status: .usage)
            }
        }
        if let state {
            query.state = TokenState(rawValue: state)
            guard query.state != nil else {
                let known = TokenState.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(code: "bad_state", "\"\(state)\" is no state: choose one of \(known)", status: .usage)
            }
        }
        if let scope { query.scope = try TokenOptions.scope(scope, operators: true) }
        return query
    }
}

/// `muster token show`
struct TokenShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what is known of an access token, and not the token.")

    @Argument(help: "The token's id, or the first 30 characters of the token. Never the whole token: others see the arguments.")
    var token: String

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard case .id(let id) = TokenName(token) else {
            throw Failure(code: "bad_token", "this is neither an id nor the beginning of an access token", status: .usage)
        }
        let token = try await Workplace(options, output).withInstalled { try await $0.directory.tokens.show(id, by: .command) }
        if output.json {
            Console.json { writer in token.write(to: &writer) }
        } else {
            Console.out(
                """
                \(token.id), of \(token.ownerText): \(token.stateText)
                begins with: \(token.visiblePart)
                scopes: \(token.scopeText)
                created: \(token.createdAt.text), expires: \(token.expiresAt?.text ?? "never")
                last used: \(token.lastUsedAt.text)\(token.lastUsedAddress.map { " from \($0)" } ?? "")
                """)
        }
    }
}
