// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres

/// Disputes of sources as of their last reads, and what people say of them. Every call throws ``DirectoryError``.
package struct DisputeStore: Sendable {
    let directory: Directory

    /// A page of disputes, in the order in which they came up. A Platform App sees those of its own sources.
    package func list(_ filter: DisputeFilter = DisputeFilter(), _ page: PageRequest, by caller: Caller) async throws
        -> Page<Dispute>
    {
        if filter.isUnstorable { return Page(items: []) }
        return Page(fetched: try await disputes(filter, id: nil, page, by: caller).map { ($0.id, $0) }, page)
    }

    /// One dispute with both sides.
    package func show(_ id: Int64, by caller: Caller) async throws -> Dispute {
        guard let dispute = try await disputes(DisputeFilter(), id: id, PageRequest(limit: 1), by: caller).first else {
            throw DirectoryError.notFound
        }
        return dispute
    }

    /// Resolves a dispute, or takes that back. The policy's next run acts on it, and a daemon that watches its export runs it soon.
    ///
    /// - Parameter reason: for the journal.
    /// - Throws: ``DirectoryError/notFound`` for no such dispute; ``DirectoryError/invalid(_:)`` when it is decided already, when
    ///   nothing is decided that could be taken back, and for a user that the entry cannot be.
    package func resolve(
        _ id: Int64, _ resolution: DisputeResolution, reason: String? = nil, by caller: Caller
    ) async throws {
        let problems = StorableText.problems("reason", "Reason", reason, maximum: 500)
        guard problems.isEmpty else {
            _ = try await show(id, by: caller)
            throw DirectoryError.invalid(problems)
        }
        switch resolution {
        case .link(let user), .adopt(let user):
            let grants = resolution == .adopt(user)
            let row = try await decided(
                DisputeStatements.take(id, for: user, resolution, grants: grants, reason: reason, caller: caller))
            if let row { throw DirectoryError.invalid([try Self.obstacle(to: user, row)]) }
        case .ignore, .reconsider:
            let ignores = resolution == .ignore
            let row = try await decided(
                DisputeStatements.settle(id, ignore: ignores, reason: reason, caller: caller))
            guard row != nil else { return }
            throw DirectoryError.invalid([
                FieldProblem(
                    "base",
                    ignores ? "The dispute is decided already; reconsider that first" : "Nothing of the dispute is decided")
            ])
        }
    }

    /// - Returns: the row that tells why nothing was decided; nil when it was.
    private func decided(_ statement: PostgresQuery) async throws -> PostgresRow? {
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Int64?.self, "found") != nil else { throw DirectoryError.notFound }
        return try row.decode(Bool.self, "is_decided") ? nil : row
    }

    private static func obstacle(to user: Int64, _ row: PostgresRow) throws -> FieldProblem {
        guard try row.decode(Bool.self, "waits") else {
            return FieldProblem("base", "The dispute is decided already; reconsider that first")
        }
        guard try row.decode(Bool?.self, "app_lives") == true else {
            return FieldProblem("base", "The policy's Platform App is disabled")
        }
        if try row.decode(String?.self, "code") == "duplicate_id" {
            return FieldProblem("base", "The export holds two entries with this id: only the source can set that right")
        }
        guard let isPermissible = try row.decode(Bool?.self, "is_permissible") else {
            return FieldProblem("user_id", "User must exist")
        }
        if let own = try row.decode(Int64?.self, "own_id"), own != user {
            return FieldProblem("user_id", "The entry is user \(own) already")
        }
        guard isPermissible else {
            return FieldProblem(
                "user_id", "The policy's Platform App may not write the user and its e-mail: adopt it, which grants that")
        }
        return FieldProblem("base", "The dispute was changed meanwhile")
    }

    private func disputes(
        _ filter: DisputeFilter, id: Int64?, _ page: PageRequest, by caller: Caller
    ) async throws -> [Dispute] {
        let statement =
            caller.isOperator
            ? DisputeStatements.list(filter, id: id, page, caller: caller)
            : DisputeStatements.ofApp(filter, id: id, page, caller: caller)
        let rows = try await directory.rows(statement)
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap(Dispute.init)
    }
}

extension Dispute {
    /// nil when the row holds none.
    fileprivate init?(_ row: PostgresRow) throws {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        func list<T: Decodable>(_ column: String) throws -> [T] {
            try JSONDecoder().decode([T].self, from: Data(row.json(column).text.utf8))
        }
        let verdict: Verdict? =
            if let decision = try row.decode(String?.self, "decision").flatMap(Decision.init(rawValue:)),
                let actor = try NamedActor.decode(row)
            {
                Verdict(
                    decision: decision, userID: try row.decode(Int64?.self, "user_id"), by: actor,
                    at: try row.timestamp("decided_at"), reason: try row.decode(String?.self, "reason"),
                    lapsed: try row.decode(String?.self, "lapsed"), lapsedAt: try row.optionalTimestamp("lapsed_at"))
            } else {
                nil
            }
        self.init(
            id: id, source: try row.decode(String.self, "source"), policy: try row.decode(String.self, "policy"),
            platformAppID: try row.decode(Int64.self, "platform_app_id"), platformAppName: try row.decode(String.self, "app"),
            state: State(rawValue: try row.decode(String.self, "state")) ?? .open, code: try row.decode(String.self, "code"),
            externalID: ObjectLink.text(ofKey: try row.decode([UInt8].self, "external_key")),
            entry: try row.decode(String?.self, "entry"), email: try row.decode(String?.self, "email"),
            line: try row.decode(Int64?.self, "line"), fields: try row.json("fields"), candidates: try list("candidates"),
            hiddenCandidates: Int(try row.decode(Int64.self, "hidden")), rivals: try list("rivals"),
            since: try row.timestamp("since"), seenAt: try row.timestamp("seen_at"),
            runID: try row.decode(Int64?.self, "run_id"), verdict: verdict)
    }
}
