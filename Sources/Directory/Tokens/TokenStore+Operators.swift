// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// What a person typed to find a token by.
package enum TokenName: Sendable, Equatable {
    case id(Int64)
    /// Nothing that names a token.
    case unknown

    /// Reads an id, a whole token, or its visible part as a log or a scanner has it. What is pasted here is not kept.
    package init(_ text: String) {
        let text = text.trimmingPrefix(while: \.isWhitespace).prefix { !$0.isWhitespace }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let id = Int64(text), id > 0 {
            self = .id(id)
        } else if let row = AccessToken.row(named: text) {
            self = .id(row.id)
        } else {
            self = .unknown
        }
    }
}

/// Tokens of every kind of owner, as operators handle them: no token of an app reaches these calls.
extension TokenStore {
    /// Tokens, the newest first.
    package func list(_ query: TokenQuery, by caller: Caller) async throws -> Page<StoredToken> {
        let tokens = try await directory.rows(TokenStatements.list(query, by: caller)).compactMap { row in
            guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
            return try Self.stored(row)
        }
        return Page(fetched: tokens.map { ($0.id, $0) }, query.page)
    }

    /// Shows what is known of a token.
    package func show(_ id: Int64, by caller: Caller) async throws -> StoredToken {
        guard let row = try await directory.row(TokenStatements.show(id, by: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        guard let token = try Self.stored(row) else { throw DirectoryError.notFound }
        return token
    }

    /// Recomputes a live token, so that the operator can use it and act as its owner. A super admin's token is shown to nobody but
    /// this person in the console.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is none that lives, or it is another super admin's.
    package func reveal(_ id: Int64, by caller: Caller) async throws -> IssuedToken {
        try issued(try await directory.row(TokenStatements.reveal(id, by: caller.confirmed)))
    }

    /// Issues one more token to an app.
    ///
    /// - Parameters:
    ///   - scopes: nil for whatever the app may do; an empty list is refused.
    ///   - expiresIn: seconds from now; nil: does not expire.
    /// - Throws: ``DirectoryError/notFound`` when there is no such app.
    package func issue(
        to appID: Int64, scopes: [Scope]? = nil, expiresIn: Int64? = nil, problems: [FieldProblem] = [], by caller: Caller
    ) async throws -> IssuedToken {
        let problems = problems + PlatformAppRules.tokenProblems(scopes: scopes, expiresIn: expiresIn)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let token = try issued(
            try await directory.row(
                TokenStatements.issue(
                    to: appID, scopes: scopes, expiresIn: expiresIn, keyID: directory.keyring.currentID, by: caller.confirmed)))
        await directory.callLimits.refresh(from: directory)
        return token
    }

    /// Mints a token in the place of an app's, which lives on for the overlap, so that software is moved over without an outage.
    ///
    /// - Parameters:
    ///   - tokenID: which; nil where the app has exactly one token that was not replaced yet.
    ///   - appID: whose; nil where the token says it.
    ///   - overlap: seconds for which the former token stays valid; 0 ends it at once. It never lives longer than before.
    /// - Throws: ``DirectoryError/notFound`` when there is no such token of an app that lives; ``DirectoryError/invalid(_:)`` when
    ///   the app has several and none is named.
    package func rotate(
        _ tokenID: Int64?, of appID: Int64? = nil, overlap: Int64, by caller: Caller
    ) async throws -> IssuedToken {
        guard (0...TokenRequest.longestExpiry).contains(overlap) else {
            throw DirectoryError.invalid([FieldProblem("overlap", "Overlap is out of range")])
        }
        guard tokenID != nil || appID != nil else { throw DirectoryError.notFound }
        let row = try await directory.row(
            TokenStatements.rotate(
                of: appID, tokenID, overlap: overlap, keyID: directory.keyring.currentID, by: caller.confirmed))
        if let row, try row.decode(Int64.self, "candidates") > 1 {
            throw DirectoryError.invalid([FieldProblem("token", "Token must be named: the app has several")])
        }
        let token = try issued(row)
        await directory.callLimits.refresh(from: directory)
        return token
    }

    /// Revokes a token: the next call with it is refused, on every replica.
    ///
    /// - Parameter appID: whose; nil: whosever it is.
    /// - Throws: ``DirectoryError/notFound`` when there is none that was not revoked before.
    package func revoke(_ id: Int64, of appID: Int64? = nil, by caller: Caller) async throws {
        let statement = TokenStatements.revoke(id, of: appID, by: caller.confirmed)
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    private func issued(_ row: PostgresRow?) throws -> IssuedToken {
        guard let row, try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard try row.decode(Int64?.self, "id") != nil,
            let owner = AccessTokenClaims.Owner(name: try row.decode(String.self, "owner_kind")),
            let claims = try AccessTokenClaims(of: owner, row, id: "id")
        else { throw DirectoryError.notFound }
        return IssuedToken(id: claims.id, accessToken: try directory.keyring.mint(claims))
    }

    private static func stored(_ row: PostgresRow) throws -> StoredToken? {
        guard let id = try row.decode(Int64?.self, "id"),
            let kind = AccessTokenClaims.Owner(name: try row.decode(String.self, "owner_kind"))
        else { return nil }
        return StoredToken(
            id: id,
            owner: .init(
                kind: kind, id: try row.decode(Int64.self, "owner_id"), name: try row.decode(String?.self, "owner_name"),
                email: try row.decode(String?.self, "owner_email"),
                state: .init(rawValue: try row.decode(String.self, "owner_state")) ?? .active),
            visiblePart: AccessToken.visiblePart(owner: kind, id: id, keyID: try row.decode(Int32.self, "key_id")),
            scopes: try row.decode([String]?.self, "scopes"), createdAt: try row.timestamp("created_at"),
            expiresAt: try row.optionalTimestamp("expires_at"), revokedAt: try row.optionalTimestamp("revoked_at"),
            replacedBy: try row.decode(Int64?.self, "replaced_by"), lastUsedAt: try row.optionalTimestamp("last_used_at"),
            lastUsedAddress: try row.decode(String?.self, "last_used_address"),
            state: TokenState(rawValue: try row.decode(String.self, "state")) ?? .live)
    }
}
