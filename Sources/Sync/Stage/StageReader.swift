// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake
import Policy
import Postgres

/// Reads into the staging table: bytes, entries, rows, each piece gone before the next one comes.
struct StageReader {
    let context: PlanContext
    let progress: RunProgress

    /// What a read to the end gave.
    struct Outcome {
        var counts: RunCounts
        var findings: [RunFinding]
        /// Whether groups list their members, so that people must be looked up in them.
        var listsMembers: Bool
        /// Whether accounts or rules came to light by entries.
        var discovers: Bool
        var facts: ReadFacts
        /// Why nobody's absence is proven; nil when absence may be acted upon.
        var unprovenAbsence: String?
    }

    func read(_ feed: some EntryFeed, on connection: PostgresConnection) async throws -> Outcome {
        try await connection.copyIn(context.area.copyIn) { writer in
            var piece = try await feed.next()
            while let current = piece {
                async let following = feed.next()
                try await writer.write(current)
                await progress.report(
                    .reading(bytes: feed.bytes, of: feed.size, entries: feed.stager.counts["entries"]))
                piece = try await following
            }
        }
        try await connection.analyzeRoughly(context.area.joinedOfEntries, timeout: Planner.patience)
        let (facts, digest) = try await feed.conclusion()
        _ = try await connection.execute(
            """
            update runs set file_hash = \(digest), file_size = \(feed.size), proof = \(facts.level.name) where id = \(context.run)
            """)
        let stager = await feed.stager
        return Outcome(
            counts: stager.counts, findings: stager.findings, listsMembers: stager.listsMembers,
            discovers: stager.discovers, facts: facts,
            unprovenAbsence: facts.unproven ?? unidentified(stager))
    }

    private func unidentified(_ stager: EntryStager) -> String? {
        guard stager.unidentified > 0 else { return nil }
        return "\(stager.unidentified) entries could not be read, and nobody knows whose they are"
    }
}
