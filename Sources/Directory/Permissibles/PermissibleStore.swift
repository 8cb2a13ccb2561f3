// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What Platform Apps may reach: an app lists and releases its own; operators grant and revoke.
package struct PermissibleStore: Sendable {
    let directory: Directory

    /// What the caller may reach, kind after kind and by id in each; tombstones are left out.
    ///
    /// - Parameters:
    ///   - kind: nil for all kinds.
    ///   - position: where to begin; nil is the beginning.
    /// - Returns: the page, with the position where the next one begins.
    package func list(
        _ kind: ObjectKind?, limit: Int, from position: PermissiblePosition? = nil, by caller: Caller
    ) async throws -> (items: [Permissible], next: PermissiblePosition?) {
        var kinds = kind.map { [$0] } ?? ObjectKind.allCases
        if let position { kinds = Array(kinds.drop { $0 != position.kind }) }
        var found: [Permissible] = []
        for kind in kinds where found.count <= limit {
            let after = position?.kind == kind ? position?.after ?? 0 : 0
            let statement = PermissibleStatements.list(
                kind, after: after, fetched: Int64(limit + 1 - found.count), caller: caller)
            found += try await directory.rows(statement).compactMap { try Self.permissible($0, kind) }
        }
        guard found.count > limit else { return (found, nil) }
        let shown = Array(found.prefix(limit))
        return (shown, shown.last.map { PermissiblePosition(kind: $0.kind, after: $0.id) })
    }

    /// Ends the caller's reach of an object, which lives on; released already: ``DirectoryError/nonPermissible``.
    package func release(_ kind: ObjectKind, _ id: Int64, by caller: Caller) async throws {
        guard let row = try await directory.row(PermissibleStatements.release(kind, id, caller: caller)) else {
            throw DirectoryError.invalidAccessToken
        }
        try Verdict(row).require(.read)
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    /// Lets an app act on an object it did not create, or changes what it may do; whoever may do anything may read.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is no such app or no such live object.
    package func grant(
        _ kind: ObjectKind, _ id: Int64, to appID: Int64, _ rights: Rights, by caller: Caller
    ) async throws {
        let rights = rights.union(.read).intersection(.all)
        try await found(PermissibleStatements.grant(kind, id, to: appID, rights, by: caller))
    }

    /// The apps that may reach an object, the first of them first; for operators.
    package func owners(of kind: ObjectKind, _ id: Int64, by caller: Caller) async throws -> [ObjectOwner] {
        let rows = try await directory.rows(PermissibleStatements.owners(kind, id, by: caller))
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap { row in
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return ObjectOwner(
                appID: id, appName: try row.decode(String.self, "name"), isDisabled: try row.decode(Bool.self, "disabled"),
                origin: try row.decode(String.self, "origin"), rights: Rights(rawValue: try row.decode(Int16.self, "rights")),
                since: try row.timestamp("created_at"))
        }
    }

    /// Takes an app's reach of an object away, even where it created it; the object lives on.
    ///
    /// - Throws: ``DirectoryError/notFound`` when it had none.
    package func revoke(_ kind: ObjectKind, _ id: Int64, from appID: Int64, by caller: Caller) async throws {
        try await found(PermissibleStatements.revoke(kind, id, from: appID, by: caller))
    }

    private func found(_ statement: PostgresQuery) async throws {
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Bool.self, "found") else { throw DirectoryError.notFound }
    }

    private static func permissible(_ row: PostgresRow, _ kind: ObjectKind) throws -> Permissible? {
        try Verdict(row).require(.read)
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return Permissible(
            kind: kind, id: id, origin: try row.decode(String.self, "origin"),
            rights: Rights(rawValue: try row.decode(Int16.self, "granted")), createdAt: try row.timestamp("created_at"))
    }
}
