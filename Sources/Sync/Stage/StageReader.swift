// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake
import Policy
import Postgres

/// Reads an export into the staging table: bytes, entries, rows, each piece gone before the next one comes.
struct StageReader {
    let context: PlanContext
    let file: String
    let progress: RunProgress

    /// What a read to the end gave.
    struct Outcome {
        var counts: RunCounts
        var findings: [RunFinding]
        /// Whether groups list their members, so that people must be looked up in them.
        var listsMembers: Bool
        /// Why nobody's absence is proven; nil when absence may be acted upon.
        var unprovenAbsence: String?
    }

    func read(on connection: PostgresConnection) async throws -> Outcome {
        let chunks = try await FileChunks.open(file)
        let rows = StagedRows(of: chunks, policy: context.policy, format: context.policy.read.format)
        try await connection.copyIn(context.area.copyIn) { writer in
            var piece = try await rows.next()
            while let current = piece {
                async let following = rows.next()
                try await writer.write(current)
                await progress.report(.reading(bytes: rows.bytes, of: chunks.byteCount, entries: rows.entries))
                piece = try await following
            }
        }
        try await connection.analyzeRoughly(context.area.joinedOfEntries, timeout: Planner.patience)
        guard let proof = await rows.proof else { throw SyncError(.unreadable, "\(file) was not read to its end") }
        try await journal(proof, chunks.digest(), size: chunks.byteCount, on: connection)
        let stager = await rows.stager
        return Outcome(
            counts: stager.counts, findings: stager.findings, listsMembers: stager.listsMembers,
            unprovenAbsence: unproven(proof, stager))
    }

    private func journal(_ proof: Proof, _ hash: [UInt8], size: Int64, on connection: PostgresConnection) async throws {
        _ = try await connection.execute(
            """
            update runs set file_hash = \(hash), file_size = \(size), proof = \(proof.level.name) where id = \(context.run)
            """)
    }

    private func unproven(_ proof: Proof, _ stager: EntryStager) -> String? {
        if proof.level == .none {
            return proof.notes.isEmpty ? "the export may be incomplete" : proof.notes.map(\.description).joined(separator: ", ")
        }
        guard stager.unidentified > 0 else { return nil }
        return "\(stager.unidentified) entries could not be read, and nobody knows whose they are"
    }
}

extension Proof.Level {
    fileprivate var name: String {
        switch self {
        case .none: "none"
        case .wellFormed: "well_formed"
        case .attested: "attested"
        }
    }
}
