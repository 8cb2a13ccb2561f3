// SPDX-License-Identifier: Apache-2.0

package import Postgres
package import Secrets

/// The installation's keys: which master key its database belongs to, and the data keys that it wraps.
package enum Installation {
    /// Opens the data keys, making the first one in a new database.
    ///
    /// - Parameter master: gives the master key; `generate` is true only when no database knows a key yet.
    /// - Throws: ``InstallationError/otherMasterKey`` when the database belongs to another master key.
    package static func keyring(
        _ postgres: PostgresClient, master: @Sendable (_ generate: Bool) async throws -> MasterKey
    ) async throws -> Keyring {
        let known = try await postgres.query("select master_fingerprint from installation").first
        let key = try await master(known == nil)
        return try await postgres.withTransaction { connection in
            // Two daemons starting on a new database: one makes the key, the other finds it.
            _ = try await connection.query("select pg_advisory_xact_lock(\(lock))")
            try await claim(key, on: connection)
            return try await open(key, on: connection)
        }
    }

    /// Any number, used for nothing else.
    private static let lock: Int64 = 0x4d75_7374_6572_4b65

    private static func claim(_ master: MasterKey, on connection: PostgresConnection) async throws {
        let known = try await connection.query("select master_fingerprint from installation").first
        if let known {
            let fingerprint = try known.decode(String.self, "master_fingerprint")
            guard fingerprint == master.fingerprint else { throw InstallationError.otherMasterKey(expected: fingerprint) }
            return
        }
        _ = try await connection.execute("insert into installation (master_fingerprint) values (\(master.fingerprint))")
        let row = try await connection.query("select nextval(pg_get_serial_sequence('data_keys', 'id'))::integer as id").first
        guard let id = try row?.decode(Int32.self, "id") else { return }
        _ = try await connection.execute(
            """
            insert into data_keys (id, wrapped) overriding system value
            values (\(id), \(DataKey.random(id: id).wrap(with: master)))
            """)
    }

    private static func open(_ master: MasterKey, on connection: PostgresConnection) async throws -> Keyring {
        var wrapped: [Int32: [UInt8]] = [:]
        var current: Int32 = 0
        for row in try await connection.query("select id, wrapped, retired_at is null as live from data_keys order by id") {
            let id = try row.decode(Int32.self, "id")
            wrapped[id] = try row.decode([UInt8].self, "wrapped")
            if try row.decode(Bool.self, "live") { current = id }
        }
        return try Keyring(unwrapping: wrapped, currentID: current, with: master)
    }
}

/// Why the installation's keys could not be opened.
package enum InstallationError: Error, Sendable, CustomStringConvertible {
    /// The database belongs to the master key with this fingerprint.
    case otherMasterKey(expected: String)

    /// A stable name.
    package var code: String { "other_master_key" }

    /// What happened and what to do next.
    package var description: String {
        switch self {
        case .otherMasterKey(let expected):
            "this database belongs to another master key (fingerprint \(expected.prefix(16))…): "
                + "put the file with that key back, or point MUSTER_SECRET_KEY_FILE at it"
        }
    }
}
