// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A webhook as the operator of the installation sees it.
package struct InstalledWebhook: Sendable {
    package let id: Int64
    package let url: String
    package let events: [String]
    package let isEnabled: Bool
    package let createdAt: Timestamp
    package let platformAppID: Int64
    package let platformAppName: String
    /// Deliveries that are tried again, and those given up; each counted as far as ``Overview/mostCounted``.
    package let retrying: Int
    package let givenUp: Int
    /// When something last arrived, among the last hundred deliveries.
    package let deliveredAt: Timestamp?
}

extension WebhookStore {
    /// The webhooks of every app, by id; for operators.
    package func all(_ page: PageRequest, by caller: Caller) async throws -> Page<InstalledWebhook> {
        let webhooks: [InstalledWebhook] = try await directory.rows(WebhookOperatorStatements.list(page, caller: caller))
            .compactMap {
                row in
                guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
                return try InstalledWebhook(row)
            }
        return Page(fetched: webhooks.map { ($0.id, $0) }, page)
    }

    /// Stops sending to a webhook, or resumes it; for operators. What happens while it is stopped is not sent later.
    ///
    /// - Throws: ``DirectoryError/notFound``.
    package func setEnabled(_ id: Int64, _ isEnabled: Bool, by caller: Caller) async throws {
        let row = try await directory.row(WebhookOperatorStatements.setEnabled(id, isEnabled, caller: caller))
        guard let row, try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }
}

extension InstalledWebhook {
    /// nil when the row holds none.
    init?(_ row: PostgresRow) throws {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        self.init(
            id: id, url: try row.decode(String.self, "url"), events: try row.decode([String].self, "events"),
            isEnabled: try row.optionalTimestamp("disabled_at") == nil, createdAt: try row.timestamp("created_at"),
            platformAppID: try row.decode(Int64.self, "platform_app_id"),
            platformAppName: try row.decode(String.self, "platform_app"),
            retrying: Int(try row.decode(Int64.self, "retrying")), givenUp: Int(try row.decode(Int64.self, "given_up")),
            deliveredAt: try row.optionalTimestamp("delivered_at"))
    }
}
