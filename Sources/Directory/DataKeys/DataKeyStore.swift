// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets

/// A data key as its operator sees it: everything but the key.
package struct DataKeyEntry: Sendable, Equatable {
    package let id: Int32
    package let createdAt: Timestamp
    /// Since when nothing new is made with it; what was made with it stays valid.
    package let retiredAt: Timestamp?
    /// Whether new tokens are made with it.
    package let isCurrent: Bool
    /// Access tokens made with it that are neither revoked nor expired, of all kinds of owners.
    package let liveTokens: Int64
}

/// The data keys of the installation: which there are, another one, another master key around them.
package struct DataKeyStore: Sendable {
    let directory: Directory

    /// All data keys, the newest first. Counts tokens, so it reads their whole table.
    package func list(by caller: Caller) async throws -> [DataKeyEntry] {
        let query: PostgresQuery = """
            with \(operator: caller, needs: [.settingsRead])
            select k.id, k.created_at, k.retired_at, coalesce(t.live, 0) as live,
                   k.id = (select max(id) from data_keys where retired_at is null) as is_current
            from caller cross join data_keys k
            left join (
                select key_id, count(*) as live from access_tokens
                where revoked_at is null and (expires_at is null or expires_at > now()) group by key_id
            ) t on t.key_id = k.id
            order by k.id desc
            """
        return try await directory.rows(query.timeout(.seconds(300))).map { row in
            DataKeyEntry(
                id: try row.decode(Int32.self, "id"), createdAt: try row.timestamp("created_at"),
                retiredAt: try row.optionalTimestamp("retired_at"), isCurrent: try row.decode(Bool?.self, "is_current") ?? false,
                liveTokens: try row.decode(Int64.self, "live"))
        }
    }

    /// Adds a data key with which new tokens are made from now on; what was made with the former ones stays valid.
    ///
    /// - Returns: the new key's number.
    /// - Throws: ``DataKeyError/otherMasterKey(expected:)`` when the master key at hand is not that of the database.
    package func rotate(by caller: Caller) async throws -> Int32 {
        let master = try await directory.keys.master()
        let key = try await directory.transaction { connection in
            try await Self.claim(master, on: connection)
            let drawn = try await connection.query("select nextval(pg_get_serial_sequence('data_keys', 'id'))::integer as id")
            guard let id = try drawn.first?.decode(Int32.self, "id") else { throw DirectoryError.notFound }
            let key = DataKey.random(id: id)
            let stored = try await connection.execute(
                """
                with \(operator: caller.confirmed, needs: [.settingsWrite]),
                retired as (
                    update data_keys k set retired_at = now() from caller where k.retired_at is null returning k.id
                ),
                audited as (
                    insert into audit_events (actor, actor_id, action, subject_kind, subject_id, before, request_id)
                    select caller.actor, nullif(caller.actor_id, 0), 'data_key.rotate', 'data_key', \(Int64(id)),
                           jsonb_build_object('current', (select max(id) from retired)), \(caller.requestID)::text
                    from caller
                )
                insert into data_keys (id, wrapped) overriding system value
                select \(id), \(key.wrap(with: master)) from caller
                """)
            guard stored == 1 else { throw DirectoryError.invalidAccessToken }
            return key
        }
        _ = try directory.keys.add([key], currentID: key.id)
        return key.id
    }

    /// Wraps every data key with another master key, all of them or none: tokens, sessions and secrets stay as they are.
    ///
    /// Until the commit the old master key opens the database, and from then on the new one: so the new key must be on disk,
    /// durably, before this is called. Daemons go on with the data keys that they know.
    ///
    /// - Returns: how many data keys were wrapped anew.
    package func rewrap(from old: MasterKey, to new: MasterKey, by caller: Caller) async throws -> Int {
        guard old.fingerprint != new.fingerprint else { throw DataKeyError.sameMasterKey }
        return try await directory.transaction { connection in
            try await Self.claim(old, on: connection)
            let rows = try await connection.query("select id, wrapped from data_keys order by id for update")
            for row in rows {
                let id = try row.decode(Int32.self, "id")
                let key = try DataKey.unwrap(try row.decode([UInt8].self, "wrapped"), id: id, with: old)
                _ = try await connection.execute("update data_keys set wrapped = \(key.wrap(with: new)) where id = \(id)")
            }
            let changed = try await connection.execute(
                """
                with \(operator: caller, needs: [.settingsWrite]),
                changed as (update installation set master_fingerprint = \(new.fingerprint) from caller returning true)
                insert into audit_events (actor, actor_id, action, subject_kind, before, after, request_id)
                select caller.actor, nullif(caller.actor_id, 0), 'master_key.rotate', 'installation',
                       jsonb_build_object('fingerprint', left(\(old.fingerprint), 16)),
                       jsonb_build_object('fingerprint', left(\(new.fingerprint), 16)), \(caller.requestID)::text
                from changed, caller
                """)
            guard changed == 1 else { throw DirectoryError.invalidAccessToken }
            return rows.count
        }
    }

    /// Makes sure that the database belongs to this master key, and keeps it so until the transaction ends.
    private static func claim(_ master: MasterKey, on connection: PostgresConnection) async throws {
        let row = try await connection.query("select master_fingerprint from installation for update").first
        guard let expected = try row?.decode(String.self, "master_fingerprint") else { throw DirectoryError.notFound }
        guard expected == master.fingerprint else { throw DataKeyError.otherMasterKey(expected: expected) }
    }
}
