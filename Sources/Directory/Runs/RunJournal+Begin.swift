// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A run that has just begun.
package struct BegunRun: Sendable {
    package let id: Int64
    package let source: Int64
    package let platformApp: Int64

    package init(id: Int64, source: Int64, platformApp: Int64) {
        self.id = id
        self.source = source
        self.platformApp = platformApp
    }
}

extension RunJournal {
    /// Throws unless the caller may begin runs for a Platform App: the app itself, or an operator.
    ///
    /// - Parameter name: of the app that the policy acts for; nil where there is no such policy.
    /// - Throws: ``DirectoryError/notFound`` for no such policy, or another app's; ``DirectoryError/invalid(_:)`` where an operator
    ///   asks and the app does not exist or is disabled.
    package func checkReach(platformApp name: String?, by caller: Caller) async throws {
        let row = try await directory.row(RunBeginStatements.reach(platformApp: name, caller: caller))
        guard let row, try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard try row.decode(Int64?.self, "id") == nil else { return }
        guard let name, caller.isOperator else { throw DirectoryError.notFound }
        throw DirectoryError.invalid([
            FieldProblem("base", "The policy's Platform App “\(name)” does not exist or is disabled")
        ])
    }

    /// Begins a run of a policy, for whoever may; under the lease of the source, which the caller of this holds.
    ///
    /// - Parameter fingerprint: what the policy says.
    /// - Throws: ``DirectoryError/notFound`` when the source is not the caller's, or its app is disabled.
    package func begin(
        policy: String, fingerprint: String, source: Int64, fileName: String, applies: Bool, by caller: Caller
    ) async throws -> BegunRun {
        try await begun(
            RunBeginStatements.begin(
                policy: policy, fingerprint: fingerprint, source: source, fileName: fileName, applies: applies, caller: caller))
    }

    /// Begins the reverse of a run, likewise.
    package func beginUndo(of run: Int64, applies: Bool, by caller: Caller) async throws -> BegunRun {
        try await begun(RunBeginStatements.beginUndo(of: run, applies: applies, caller: caller))
    }

    private func begun(_ statement: PostgresQuery) async throws -> BegunRun {
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard let id = try row.decode(Int64?.self, "id") else { throw DirectoryError.notFound }
        return BegunRun(
            id: id, source: try row.decode(Int64.self, "source_id"),
            platformApp: try row.decode(Int64.self, "platform_app_id"))
    }
}
