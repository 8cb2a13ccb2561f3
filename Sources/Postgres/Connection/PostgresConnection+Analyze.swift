// SPDX-License-Identifier: Apache-2.0

extension PostgresConnection {
    /// Refreshes the planner's statistics from a sample of some thousand rows instead of tens of thousands: enough to tell few
    /// rows from many, in a fraction of the time.
    ///
    /// - Parameter tables: as `analyze` takes them, with columns where only some matter.
    nonisolated(nonsending) package func analyzeRoughly(_ tables: String, timeout: Duration) async throws(PostgresError) {
        // One script is one transaction, with which the setting ends.
        try await executeScript("set local default_statistics_target = 20; analyze \(tables)", timeout: timeout)
    }
}
