// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake
import Policy
import Postgres
import Secrets

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
        let files = try await ExportFiles.open(file)
        let options = context.policy.read.exportOptions
        try checkManifest(files, options.manifest)
        let entries = ExportEntries(of: files, options: options)
        let rows = StagedRows(of: entries, policy: context.policy)
        try await connection.copyIn(context.area.copyIn) { writer in
            var piece = try await rows.next()
            while let current = piece {
                async let following = rows.next()
                try await writer.write(current)
                let done = await rows.progress
                await progress.report(.reading(bytes: done.bytes, of: files.byteCount, entries: done.entries))
                piece = try await following
            }
        }
        try await connection.analyzeRoughly(context.area.joinedOfEntries, timeout: Planner.patience)
        guard let proof = try await attested(entries.proof, files, await entries.digests) else {
            throw SyncError(.unreadable, "\(file) was not read to its end")
        }
        try await journal(proof, await entries.digest(), size: files.byteCount, on: connection)
        let stager = await rows.stager
        return Outcome(
            counts: stager.counts, findings: stager.findings, listsMembers: stager.listsMembers,
            unprovenAbsence: unproven(proof, stager))
    }

    // MARK: - The manifest

    private func checkManifest(_ files: ExportFiles, _ rule: ManifestRule) throws(SyncError) {
        guard let manifest = files.manifest else {
            guard rule.isRequired || rule.publicKey != nil else { return }
            throw SyncError(.manifest, "\(file)\(Manifest.ending) is missing, which the policy asks for")
        }
        do throws(Manifest.Fault) {
            try manifest.verifySignature(rule) { Ed25519.isValid($0, of: $1, publicKey: $2) }
        } catch {
            throw SyncError(.manifest, "\(file)\(Manifest.ending): \(error)")
        }
    }

    /// The proof with what the manifest adds to it, where there is one.
    private func attested(_ proof: Proof?, _ files: ExportFiles, _ digests: [String: [UInt8]]) throws(SyncError) -> Proof? {
        guard let proof, let manifest = files.manifest else { return proof }
        do throws(Manifest.Fault) {
            try manifest.verify(digests: digests, isFolder: files.isFolder, proof: proof)
        } catch {
            throw SyncError(.manifest, "\(file): \(error)")
        }
        return Manifest.attested(proof)
    }

    // MARK: - The journal

    private func journal(_ proof: Proof, _ hash: [UInt8], size: Int64, on connection: PostgresConnection) async throws {
        _ = try await connection.execute(
            """
            update runs set file_hash = \(hash), file_size = \(size), proof = \(proof.level.name) where id = \(context.run)
            """)
    }

    private func unproven(_ proof: Proof, _ stager: EntryStager) -> String? {
        if !proof.provesAbsence {
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
