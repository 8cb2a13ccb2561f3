// SPDX-License-Identifier: Apache-2.0

import Postgres

extension PermissibleStore {
    /// The most objects that a search for something to grant shows.
    package static let mostCandidates: Int64 = 20

    /// What an app reaches of a kind, by id; tombstones are left out.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is no such app.
    package func list(
        _ kind: ObjectKind, of appID: Int64, _ page: PageRequest, by caller: Caller
    ) async throws -> Page<AppPermissible> {
        let rows = try await found(AppPermissibleStatements.list(kind, of: appID, page, by: caller).unprepared())
        let permissibles = try rows.compactMap { row -> AppPermissible? in
            try Self.object(row).flatMap { try Self.permissible(kind, $0, row) }
        }
        return Page(fetched: permissibles.map { ($0.object.id, $0) }, page)
    }

    /// An object, and what an app may do with it; nil where the app does not reach it.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is no such app or no such live object.
    package func show(
        _ kind: ObjectKind, _ id: Int64, of appID: Int64, by caller: Caller
    ) async throws -> (object: NamedObject, permissible: AppPermissible?) {
        let rows = try await found(AppPermissibleStatements.show(kind, id, of: appID, by: caller))
        guard let row = rows.first, let object = try Self.object(row) else { throw DirectoryError.notFound }
        return (object, try Self.permissible(kind, object, row))
    }

    /// Objects that could be granted to an app: by id, by the beginnings of words of a user's name or e-mail, or by a part of the
    /// name of an account or a bot. At most ``mostCandidates``.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is no such app.
    package func candidates(
        _ kind: ObjectKind, for appID: Int64, _ text: String, by caller: Caller
    ) async throws -> [GrantCandidate] {
        let text = text.trimmingPrefix(while: \.isWhitespace)
        let statement = AppPermissibleStatements.candidates(
            kind, for: appID, String(text), id: Int64(text.filter { !$0.isWhitespace }), most: Self.mostCandidates, by: caller)
        return try await found(statement).compactMap { row in
            guard let object = try Self.object(row) else { return nil }
            return GrantCandidate(object: object, rights: try row.decode(Int16?.self, "rights").map(Rights.init(rawValue:)))
        }
    }

    private func found(_ statement: PostgresQuery) async throws -> PostgresRows {
        let rows = try await directory.rows(statement)
        guard let first = rows.first, try first.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try first.decode(Int64?.self, "app_id") != nil else { throw DirectoryError.notFound }
        return rows
    }

    private static func permissible(_ kind: ObjectKind, _ object: NamedObject, _ row: PostgresRow) throws -> AppPermissible? {
        guard let origin = try row.decode(String?.self, "origin") else { return nil }
        return AppPermissible(
            kind: kind, object: object, origin: origin, rights: Rights(rawValue: try row.decode(Int16.self, "rights")),
            createdAt: try row.timestamp("created_at"))
    }

    private static func object(_ row: PostgresRow) throws -> NamedObject? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return NamedObject(
            id: id, name: try row.decode(String?.self, "name"), email: try row.decode(String?.self, "email"))
    }
}
