// SPDX-License-Identifier: Apache-2.0

import Postgres

extension PlatformAppStore {
    /// Gives all that an app reaches to another, tombstones and sources of syncs included; the app itself stays.
    ///
    /// Where both reach an object, the rights of both are kept. Policies name their app: those that fed the sources must name the
    /// other one from now on.
    ///
    /// In batches of ten thousand objects, each a transaction: one that held everything would keep both apps waiting for as long
    /// as a million rows take. A handover that is interrupted leaves every object with one of the two, and goes on when it is
    /// asked for again. What the app makes meanwhile is its own.
    ///
    /// - Returns: how many live objects this call handed over.
    /// - Throws: ``DirectoryError/notFound`` when one of the two apps is not there.
    @discardableResult
    package func transferAll(from app: Int64, to target: Int64, by caller: Caller) async throws -> PlatformAppHandover {
        try Self.refuseSame(app, target)
        try await check([app, target], by: caller)
        let handover = try await handOver(app, .app(target), by: caller)
        try await directory.transaction { connection in
            try await Self.lock([app, target], by: caller, connection)
            for statement in HandoverStatements.sources(from: app, to: target, by: caller) {
                _ = try await connection.query(statement.timeout(.seconds(600)))
            }
        }
        return handover
    }

    /// Gives one object to another app; where both reach it, the rights of both are kept.
    ///
    /// - Throws: ``DirectoryError/notFound`` when one of the apps is not there, or the first does not reach the object.
    package func transfer(
        _ kind: ObjectKind, _ id: Int64, from app: Int64, to target: Int64, by caller: Caller
    ) async throws {
        try Self.refuseSame(app, target)
        let caller = caller.confirmed
        let taken = try await directory.transaction { connection in
            try await Self.lock([app, target], by: caller, connection)
            return try await Self.move(kind, from: app, to: .app(target), .one(id), by: caller, connection).taken
        }
        if taken == 0 { throw DirectoryError.notFound }
    }

    /// Ends an app for good. Nothing that it reached is destroyed: it goes to another app, or to none.
    ///
    /// The app is disabled first, then its objects are handed over as by ``transferAll(from:to:by:)``, and at last, in one
    /// transaction with what is left, its tokens, webhooks and login links end. Its row stays as a name for the audit trail, for
    /// sessions and for runs, whose journal stays too.
    ///
    /// - Parameter target: who gets the objects and sources; nil releases them.
    /// - Returns: how many live objects this call handed over.
    @discardableResult
    package func delete(_ app: Int64, to target: Int64?, by caller: Caller) async throws -> PlatformAppHandover {
        if let target { try Self.refuseSame(app, target) }
        let (goal, apps) = target.map { (HandoverTarget.app($0), [app, $0]) } ?? (.nobody, [app])
        try await check(apps, by: caller, needs: [.platformAppsDelete])
        try await disable(app, by: caller)
        var handover = try await handOver(app, goal, by: caller)
        let rest = try await directory.transaction { connection in
            try await Self.lock(apps, by: caller, connection)
            // What was in the making when the app was disabled.
            var rest = PlatformAppHandover()
            for kind in ObjectKind.allCases {
                var moved = HandoverBatch()
                repeat {
                    moved = try await Self.move(kind, from: app, to: goal, .after(0), by: caller, connection)
                    rest.counts[kind, default: 0] += moved.live
                } while moved.taken > 0
            }
            let sources =
                target.map { HandoverStatements.sources(from: app, to: $0, by: caller) }
                ?? [HandoverStatements.releaseSources(of: app, by: caller)]
            for statement in sources { _ = try await connection.query(statement.timeout(.seconds(600))) }
            let end = HandoverStatements.end(app, to: goal, by: caller)
            guard let row = try await connection.query(end).first, try row.decode(Bool.self, "authenticated") else {
                throw DirectoryError.invalidAccessToken
            }
            guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
            return rest
        }
        handover.counts.merge(rest.counts, uniquingKeysWith: +)
        await directory.callLimits.refresh(from: directory)
        return handover
    }

    /// Before anything changes: whether there are such apps, and the caller may do this and was confirmed. Asked once, for a
    /// handover may take longer than a confirmation lasts; that the caller lives is asked by every statement.
    private func check(_ apps: [Int64], by caller: Caller, needs more: [Scope] = []) async throws {
        try await directory.transaction { connection in
            try await Self.lock(apps, by: caller.confirmed, needs: more, connection)
        }
    }

    /// Hands over every kind, batch after batch.
    private func handOver(_ app: Int64, _ target: HandoverTarget, by caller: Caller) async throws -> PlatformAppHandover {
        var handover = PlatformAppHandover()
        for kind in ObjectKind.allCases {
            var (position, moved) = (Int64.min, HandoverBatch())
            repeat {
                let begin = position
                moved = try await directory.transaction { connection in
                    try await Self.lock([app] + (target.appID.map { [$0] } ?? []), by: caller, connection)
                    return try await Self.move(kind, from: app, to: target, .after(begin), by: caller, connection)
                }
                handover.counts[kind, default: 0] += moved.live
                position = moved.last ?? position
            } while moved.taken == HandoverStatements.batch
        }
        return handover
    }

    private static func lock(
        _ apps: [Int64], by caller: Caller, needs more: [Scope] = [], _ connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(HandoverStatements.lock(apps, needs: more, by: caller))
        guard let first = rows.first, try first.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        let found = try Set(rows.compactMap { try $0.decode(Int64?.self, "id") })
        guard found == Set(apps) else { throw DirectoryError.notFound }
    }

    private static func move(
        _ kind: ObjectKind, from app: Int64, to target: HandoverTarget, _ part: HandoverPart, by caller: Caller,
        _ connection: PostgresConnection
    ) async throws -> HandoverBatch {
        let statement = HandoverStatements.move(kind, from: app, to: target, part, by: caller)
        // Planned for this app: others may reach orders of magnitude more.
        guard let row = try await connection.query(statement.unprepared().timeout(.seconds(120))).first,
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        return HandoverBatch(
            taken: try row.decode(Int64.self, "taken"), live: try row.decode(Int64.self, "live"),
            last: try row.decode(Int64?.self, "last"))
    }

    private static func refuseSame(_ app: Int64, _ target: Int64) throws {
        guard app != target else {
            throw DirectoryError.invalid([FieldProblem("to", "The app to transfer to must be another one")])
        }
    }
}

/// What one statement handed over.
private struct HandoverBatch {
    var taken: Int64 = 0
    /// Of these, what is no tombstone.
    var live: Int64 = 0
    var last: Int64?
}
