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
        /// Why nobody's absence is proven; nil when absence may be acted upon.
        var unprovenAbsence: String?
    }

    func read(on connection: PostgresConnection) async throws -> Outcome {
        let chunks = try await FileChunks.open(file)
        defer { chunks.close() }
        var stager = EntryStager(policy: context.policy)
        var reader = EntryReader(format: context.policy.read.format.entryFormat)
        var digest = ContentDigest()
        var proof: Proof?
        try await connection.copyIn(context.area.copyIn) { writer in
            var bytes: Int64 = 0
            while true {
                let chunk = try await chunks.next()
                if chunk.isEmpty { break }
                digest.update(chunk)
                try chunk.withUnsafeBytes { try reader.read($0, into: &stager) }
                try await writer.write(stager.takeRows())
                bytes += Int64(chunk.count)
                await progress.report(.reading(bytes: bytes, of: chunks.byteCount, entries: stager.counts["entries"]))
            }
            proof = try reader.finish(into: &stager)
            try chunks.verifyUnchanged()
            try await writer.write(stager.finishRows())
        }
        try await connection.executeScript("analyze \(context.area.entries)", timeout: Planner.patience)
        guard let proof else { throw SyncError(.unreadable, "\(file) was not read to its end") }
        try await journal(proof, digest.finish(), size: chunks.byteCount, on: connection)
        return Outcome(counts: stager.counts, findings: stager.findings, unprovenAbsence: unproven(proof, stager))
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

extension ReadRule.Format {
    fileprivate var entryFormat: EntryFormat {
        switch self {
        case .auto: .detect
        case .ldap3: .ldap3
        case .ldif: .ldif
        }
    }
}
