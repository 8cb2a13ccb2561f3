// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Why objects are as they are, from the objects, their links and both journals; for operators.
package struct ExplanationStore: Sendable {
    let directory: Directory

    /// Explains a user or an account, deleted ones too.
    ///
    /// The parts are read one after the other; what changes in between shows in some of them and not in others.
    ///
    /// - Throws: ``DirectoryError/notFound``.
    package func explain(_ kind: ObjectKind, _ id: Int64, by caller: Caller) async throws -> Explanation {
        let rows = try await authenticated(ExplanationStatements.fields(kind, id, caller: caller))
        guard let first = rows.first, let label = try first.decode(String?.self, "label") else { throw DirectoryError.notFound }
        return Explanation(
            kind: kind, id: id, label: label, deletedAt: try first.optionalTimestamp("deleted_at"),
            fields: try rows.compactMap(ExplainedField.init),
            memberships: kind == .user
                ? try await authenticated(ExplanationStatements.memberships(id, caller: caller)).compactMap(
                    ExplainedMembership.init) : [],
            suspensions: try await authenticated(ExplanationStatements.suspensions(kind, id, caller: caller)).compactMap {
                row in
                try StandingSuspension.decode(row).map {
                    ExplainedSuspension(standing: $0, runID: try row.decode(Int64?.self, "run_id"))
                }
            },
            reads: try await authenticated(ExplanationStatements.reads(kind, id, caller: caller)).compactMap(ExplainedRead.init))
    }

    private func authenticated(_ statement: PostgresQuery) async throws -> PostgresRows {
        let rows = try await directory.rows(statement)
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return rows
    }
}

extension Directory {
    /// Why objects are as they are.
    package var explanations: ExplanationStore { ExplanationStore(directory: self) }
}

extension ExplainedField {
    fileprivate init?(_ row: PostgresRow) throws {
        guard let key = try row.decode(String?.self, "key") else { return nil }
        self.init(
            name: key, value: try row.json("value"),
            takenBy: try row.decode(PostgresJSON?.self, "taken_by").map { JSONText($0.text) }, provenance: try Provenance(row))
    }
}

extension ExplainedMembership {
    fileprivate init?(_ row: PostgresRow) throws {
        guard let account = try row.decode(Int64?.self, "account_id") else { return nil }
        self.init(
            accountID: account, accountName: try row.decode(String.self, "name"), role: try row.decode(String.self, "role"),
            accountKey: try row.decode([UInt8]?.self, "account_key").flatMap(ObjectLink.accountKey),
            provenance: try Provenance(row))
    }
}

extension Provenance {
    fileprivate init(_ row: PostgresRow) throws {
        let (applied, called) = (try row.optionalTimestamp("applied_at"), try row.optionalTimestamp("at"))
        var (author, at): (Author?, Timestamp?) = (nil, nil)
        if let run = try row.decode(Int64?.self, "run_id"), applied?.microseconds ?? .min >= called?.microseconds ?? .min {
            author = .run(
                run, policy: try row.decode(String?.self, "run_policy"), file: try row.decode(String?.self, "file_name"),
                undoes: try row.decode(Int64?.self, "undoes"))
            at = applied
        } else if let actor = try NamedActor.decode(row) {
            author = .actor(actor, action: try row.decode(String.self, "action"))
            at = called
        }
        self.init(
            author: author, at: at, policy: try row.decode(String?.self, "policy"),
            source: try row.decode(String?.self, "source"),
            rule: try row.decode(String?.self, "rule"), ruleRun: try row.decode(Int64?.self, "said_by"),
            externalID: try row.decode([UInt8]?.self, "external_key").map(ObjectLink.text))
    }
}

extension ExplainedRead {
    fileprivate init?(_ row: PostgresRow) throws {
        guard let source = try row.decode(String?.self, "source") else { return nil }
        let seq = try row.decode(Int32?.self, "seq")
        let code = try row.decode(String?.self, "code")
        self.init(
            source: source, policy: try row.decode(String.self, "policy"),
            externalID: ObjectLink.text(ofKey: try row.decode([UInt8].self, "external_key")),
            runID: try row.decode(Int64?.self, "run_id"), state: try row.decode(String?.self, "state"),
            file: try row.decode(String?.self, "file_name"), at: try row.optionalTimestamp("created_at"),
            change: try seq.map {
                Change(
                    seq: Int($0), action: try row.decode(String.self, "action"), reason: try row.decode(String.self, "reason"),
                    fields: try row.json("fields"), memberships: try row.json("memberships"),
                    suspends: try row.decode(Bool?.self, "suspends"), refusal: try row.decode(String?.self, "refusal"))
            },
            finding: try code.map {
                Finding(
                    code: $0, detail: try row.decode(String.self, "detail"), entry: try row.decode(String?.self, "entry"),
                    line: try row.decode(Int64?.self, "line"))
            })
    }
}
