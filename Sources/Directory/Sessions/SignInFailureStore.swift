// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Failed sign-ins, counted for all replicas together.
package struct SignInFailureStore: Sendable {
    let directory: Directory

    /// Counts a try as failed, beforehand.
    ///
    /// - Returns: nil when it may be made; else the seconds to wait, and nothing was to be tried.
    package func count(_ limits: [FailureLimit]) async throws -> Int64? {
        guard let row = try await directory.row(SignInFailureStatements.count(limits)) else { return nil }
        return try row.decode(Int64?.self, "wait").map { max($0, 1) }
    }

    /// Takes a try back that was neither right nor wrong.
    package func forgive(_ limits: [FailureLimit]) async throws {
        _ = try await directory.rows(SignInFailureStatements.forgive(limits))
    }
}
