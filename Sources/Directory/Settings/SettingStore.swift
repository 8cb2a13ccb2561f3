// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A data key, without what it is.
package struct InstalledDataKey: Sendable, Equatable {
    package let id: Int64
    package let createdAt: Timestamp
    /// Since when nothing new is made with it; what was made with it stays valid.
    package let retiredAt: Timestamp?
    /// Whether new tokens are made with it.
    package let isCurrent: Bool
}

/// What operators set while the installation runs. Every call throws ``DirectoryError``.
package struct SettingStore: Sendable {
    let directory: Directory

    /// How long things are kept.
    package func retention(by caller: Caller) async throws -> Retention {
        guard let row = try await directory.row(SettingStatements.retention(caller: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        return try Retention(row)
    }

    /// Sets how long things are kept: the next purge, within the hour, goes by it, and what it removes is gone for good.
    package func setRetention(_ retention: Retention, by caller: Caller) async throws {
        guard retention.problems.isEmpty else {
            _ = try await self.retention(by: caller)
            throw DirectoryError.invalid(retention.problems)
        }
        guard let row = try await directory.row(SettingStatements.setRetention(retention, caller: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
    }

    /// The data keys, the newest first.
    package func dataKeys(by caller: Caller) async throws -> [InstalledDataKey] {
        try await directory.rows(SettingStatements.dataKeys(caller: caller)).compactMap { row in
            guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
            guard let id = try row.decode(Int32?.self, "id") else { return nil }
            return InstalledDataKey(
                id: Int64(id), createdAt: try row.timestamp("created_at"), retiredAt: try row.optionalTimestamp("retired_at"),
                isCurrent: try row.decode(Bool?.self, "is_current") ?? false)
        }
    }
}

extension Retention {
    /// As it is set, else as it is by itself.
    init(_ row: PostgresRow) throws {
        guard try row.decode(Bool.self, "is_set") else {
            self.init()
            return
        }
        self.init(
            auditDays: try row.decode(Int64?.self, "audit_days").map { Int($0) },
            runDays: try row.decode(Int64?.self, "run_days").map { Int($0) },
            deliveryDays: try row.decode(Int64?.self, "delivery_days").map { Int($0) })
    }
}
