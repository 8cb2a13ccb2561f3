// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What is left alone for a while because it failed, for operators: entries, and policies. Every call throws ``DirectoryError``.
package struct QuarantineStore: Sendable {
    let directory: Directory

    /// A page of entries in quarantine, in the order in which they got there.
    package func list(
        _ filter: QuarantineFilter = QuarantineFilter(), _ page: PageRequest, by caller: Caller
    ) async throws -> Page<QuarantinedEntry> {
        if filter.isUnstorable { return Page(items: []) }
        return Page(fetched: try await entries(filter, id: nil, page, by: caller).map { ($0.id, $0) }, page)
    }

    /// One entry in quarantine.
    package func show(_ id: Int64, by caller: Caller) async throws -> QuarantinedEntry {
        guard let entry = try await entries(QuarantineFilter(), id: id, PageRequest(limit: 1), by: caller).first else {
            throw DirectoryError.notFound
        }
        return entry
    }

    /// Has one entry tried again by the policy's next run, which a daemon that watches its export begins soon.
    ///
    /// - Throws: ``DirectoryError/notFound`` when it is not in quarantine (any more).
    package func retry(_ id: Int64, by caller: Caller) async throws {
        guard try await count(QuarantineStatements.retry(id, QuarantineFilter(), caller: caller)) > 0 else {
            throw DirectoryError.notFound
        }
    }

    /// The same for all that the filter lets through.
    ///
    /// - Returns: how many there are.
    @discardableResult
    package func retry(_ filter: QuarantineFilter, by caller: Caller) async throws -> Int {
        try await filter.isUnstorable ? 0 : count(QuarantineStatements.retry(nil, filter, caller: caller))
    }

    /// A page of the policies in trouble, in the order in which they got there.
    package func troubles(_ page: PageRequest, by caller: Caller) async throws -> Page<PolicyTrouble> {
        let rows = try await authenticated(QuarantineStatements.troubles(page, caller: caller))
        let troubles: [PolicyTrouble] = try rows.compactMap { row in
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return PolicyTrouble(
                id: id, source: try row.decode(String.self, "source"), policy: try row.decode(String.self, "policy"),
                platformAppID: try row.decode(Int64.self, "platform_app_id"), platformAppName: try row.decode(String.self, "app"),
                code: try row.decode(String?.self, "code") ?? "", reason: try row.decode(String?.self, "reason"),
                failures: Int(try row.decode(Int32.self, "failures")), since: try row.timestamp("since"),
                runID: try row.decode(Int64?.self, "run_id"), isPutAside: try row.decode(Bool.self, "is_put_aside"))
        }
        return Page(fetched: troubles.map { ($0.id, $0) }, page)
    }

    /// Has a policy in trouble run again soon, for the file and the rules there are.
    ///
    /// - Throws: ``DirectoryError/notFound`` when it is not in trouble (any more).
    package func retry(policy: String, by caller: Caller) async throws {
        guard !policy.utf8.contains(0), try await count(QuarantineStatements.retry(policy: policy, caller: caller)) > 0 else {
            throw DirectoryError.notFound
        }
    }

    private func count(_ statement: PostgresQuery) async throws -> Int {
        Int(try await authenticated(statement).first?.decode(Int64.self, "count") ?? 0)
    }

    private func authenticated(_ statement: PostgresQuery) async throws -> PostgresRows {
        let rows = try await directory.rows(statement)
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return rows
    }

    private func entries(
        _ filter: QuarantineFilter, id: Int64?, _ page: PageRequest, by caller: Caller
    ) async throws -> [QuarantinedEntry] {
        try await authenticated(QuarantineStatements.list(filter, id: id, page, caller: caller)).compactMap { row in
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return QuarantinedEntry(
                id: id, source: try row.decode(String.self, "source"), policy: try row.decode(String.self, "policy"),
                externalID: ObjectLink.text(ofKey: try row.decode([UInt8].self, "external_key")),
                entry: try row.decode(String?.self, "entry"), action: try row.decode(String.self, "action"),
                code: try row.decode(String.self, "code"), detail: try row.decode(String?.self, "detail"),
                attempts: Int(try row.decode(Int32.self, "attempts")), since: try row.timestamp("since"),
                lastTryAt: try row.timestamp("last_try_at"), nextTryAt: try row.timestamp("next_try_at"),
                runID: try row.decode(Int64.self, "run_id"))
        }
    }
}
