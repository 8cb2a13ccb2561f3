// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets
import WebSurface

/// Access tokens of every owner: the list, one of them, and what reveals, replaces or ends it.
struct AccessTokenPages: Sendable {
    let tokens: TokenStore

    func addRoutes(to frame: Frame) {
        frame.page("access_tokens", in: .accessTokens) { visit in .page(try await list(visit)) }
        // A POST: what is pasted may be a token, and must not stand in any address.
        frame.act("access_tokens/find", in: .accessTokens, find)
        frame.page("access_tokens/:id", in: .accessTokens) { visit in .page(try await show(visit)) }
        frame.act("access_tokens/:id/reveal", in: .accessTokens, confirmed: true, reveal)
        frame.act("access_tokens/:id/rotate", in: .accessTokens, confirmed: true, rotate)
        frame.act("access_tokens/:id/revoke", in: .accessTokens, confirmed: true) { visit in
            let id = try visit.pathID()
            try await tokens.revoke(id, by: visit.caller)
            return .to("access_tokens/\(id)", .revoked)
        }
    }

    // MARK: - The list

    private func list(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let kind = visit.text("owner").flatMap { AccessTokenClaims.Owner(name: $0) }
        let (state, scope) = (visit.choice("state", TokenState.self), visit.text("scope").flatMap { Scope(operator: $0) })
        let name = "access_tokens?\(kind?.name ?? "")&\(state?.rawValue ?? "")&\(scope?.description ?? "")"
        let part = ListVisit(visit, name)
        var query = TokenQuery(page: part.page)
        (query.ownerKind, query.state, query.scope) = (kind, state, scope)
        let found = try await tokens.list(query, by: visit.caller)
        var page = ConsolePage(
            "Access tokens", "access_tokens",
            TokenList(
                find: visit.href("access_tokens/find"), error: problems.first?.message, hasError: !problems.isEmpty,
                filters: filters(visit, kind, state, scope),
                table: found.items.isEmpty ? nil : TokenTable(found.items, "Access tokens", owners: true, visit),
                empty: EmptyState(
                    "No such token", "Apps, users and agent bots have tokens; choose fewer filters to see those that there are."),
                // Below a search that found nothing the list only stands where it was.
                pager: Pager(part, next: problems.isEmpty ? found.next : nil, newestFirst: true)))
        page.subtitle = "Of Platform Apps, users, agent bots and super admins"
        return page
    }

    private func filters(
        _ visit: ConsoleVisit, _ kind: AccessTokenClaims.Owner?, _ state: TokenState?, _ scope: Scope?
    ) -> FilterBar {
        let nouns = Set(Scope.verbs.keys).union(Scope.operatorVerbs.keys).sorted()
        let scopes = nouns.flatMap { noun in
            (Scope.verbs[noun] ?? []).union(Scope.operatorVerbs[noun] ?? []).sorted().map { "\(noun):\($0)" }
        }
        var action = FilterBar(
            visit, search: nil,
            choices: [
                .choice(
                    "owner", "Owner", kind?.name,
                    [("", "Any")] + AccessTokenClaims.Owner.allCases.map { ($0.name, $0.words) }),
                .choice(
                    "state", "State", state?.rawValue,
                    [("", "Any")]
                        + TokenState.allCases.map { ($0.rawValue, $0.rawValue.prefix(1).uppercased() + $0.rawValue.dropFirst()) }),
                .choice("scope", "Scope", scope?.description, [("", "Any")] + scopes.map { ($0, $0) }),
            ])
        // Also where the list stands below a search that found nothing.
        action.action = visit.href("access_tokens")
        return action
    }

    @Sendable private func find(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await visit.saving {
            let nobody = DirectoryError.invalid([FieldProblem("token", "No token of this installation is named so")])
            guard case .id(let id) = TokenName(visit.rawText("token") ?? "") else { throw nobody }
            do {
                _ = try await tokens.show(id, by: visit.caller)
            } catch DirectoryError.notFound {
                throw nobody
            }
            return .to("access_tokens/\(id)")
        } otherwise: {
            try await list(visit, $0)
        }
    }

    // MARK: - One of them

    /// A hundred years, in seconds.
    private static let longestOverlap: Int64 = 3_153_600_000

    private func show(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let token = try await tokens.show(try visit.pathID(), by: visit.caller)
        let path = "access_tokens/\(token.id)"
        var page = ConsolePage(
            "Token \(token.id)", "access_token",
            TokenDetail(
                facts: facts(token, visit), reveal: canReveal(token, visit) ? visit.href(path + "/reveal") : nil,
                rotation: token.owner.kind == .platformApp && token.state == .live && token.replacedBy == nil
                    ? Rotation(
                        action: visit.href(path + "/rotate"),
                        overlap: .text(
                            "overlap", "This one stays valid for", visit.isGet ? "24h" : visit.text("overlap") ?? "",
                            hint: "Such as \(TimeSpan.examples); 0 ends it at once. It never lives longer than it would have.",
                            required: true, maximumLength: 12, problems))
                    : nil,
                revocation: token.state == .revoked
                    ? nil
                    : DangerZone(
                        "Revoke", "For a token that leaked or is not needed any more.",
                        effects: ["Calls with it are refused from the next one on", "It cannot be brought back"],
                        action: visit.href(path + "/revoke"), button: "Revoke token \(token.id)")))
        page.above = PageLink("Access tokens", visit.href("access_tokens"))
        page.badges = [token.badge]
        page.subtitle = "\(token.owner.kind.words) \(token.owner.title)"
        page.notice = problems.notice(besides: ["overlap"])
        return page
    }

    private func canReveal(_ token: StoredToken, _ visit: ConsoleVisit) -> Bool {
        token.state == .live && (token.owner.kind != .superAdmin || token.owner.id == visit.session?.superAdminID)
    }

    private func facts(_ token: StoredToken, _ visit: ConsoleVisit) -> [Fact] {
        let owner = "\(token.owner.title)\(token.owner.email.map { $0 == token.owner.title ? "" : " <\($0)>" } ?? "")"
        return [
            token.owner.path.map { .links("Owner", [PageLink(owner, visit.href($0))]) } ?? .text("Owner", owner),
            .code("Begins with", token.visiblePart),
            .text("Scopes", token.scopes?.joined(separator: ", ") ?? "everything that its owner may do"),
            .moment("Created", Moment(token.createdAt, now: visit.now)),
            .moment("Expires", token.expiresAt.map { Moment($0, now: visit.now) }),
            .moment("Revoked", token.revokedAt.map { Moment($0, now: visit.now) }, none: "no"),
            .links(
                "Replaced by",
                token.replacedBy.map { [PageLink("Token \($0)", visit.href("access_tokens/\($0)"))] } ?? [], none: "no other"),
            .moment("Last used", token.lastUsedAt.map { Moment($0, now: visit.now) }),
            .code("From", token.lastUsedAddress, none: "nowhere"),
        ]
    }

    @Sendable private func reveal(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        let token = try await tokens.show(id, by: visit.caller)
        let revealed = try await tokens.reveal(id, by: visit.caller)
        return .page(
            IssuedPage.page(
                "Token \(id) revealed", token: revealed.accessToken, of: token.owner.title,
                text: "The audit trail tells that you saw it.",
                links: [PageLink("Back to the token", visit.href("access_tokens/\(id)"))]))
    }

    @Sendable private func rotate(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            let typed = visit.text("overlap") ?? ""
            guard let overlap = TimeSpan.seconds(typed), overlap <= Self.longestOverlap else {
                throw DirectoryError.invalid([
                    FieldProblem("overlap", "Write a number and its unit: \(TimeSpan.examples)")
                ])
            }
            let issued = try await tokens.rotate(id, overlap: overlap, by: visit.caller)
            let token = try await tokens.show(issued.id, by: visit.caller)
            return .page(
                IssuedPage.page(
                    "Token rotated", token: issued.accessToken, of: token.owner.title,
                    text: overlap == 0
                        ? "The former token \(id) is refused from now on."
                        : "The former token \(id) stays valid for \(typed). Put this one in its place until then.",
                    links: [
                        PageLink("Open the new token", visit.href("access_tokens/\(issued.id)")),
                        PageLink("All access tokens", visit.href("access_tokens")),
                    ]))
        } otherwise: {
            try await show(visit, $0)
        }
    }
}

/// What the template `access_tokens` shows.
struct TokenList: Sendable {
    /// Where the search for one token goes.
    let find: String
    let error: String?
    let hasError: Bool
    let filters: FilterBar
    let table: TokenTable?
    let empty: EmptyState
    let pager: Pager
}

/// What the template `access_token` shows.
struct TokenDetail: Sendable {
    let facts: [Fact]
    /// Where revealing goes; nil for what cannot be.
    let reveal: String?
    let rotation: Rotation?
    let revocation: DangerZone?
}

/// The form that rotates a token.
struct Rotation: Sendable {
    let action: String
    let overlap: Field
}
