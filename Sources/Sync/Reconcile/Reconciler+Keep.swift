// SPDX-License-Identifier: Apache-2.0

import Intake
package import Policy
import Postgres

extension Reconciler {
    /// What became of keeping what a run read.
    package enum Keeping: Sendable, Equatable {
        /// So many entries are kept.
        case kept(entries: Int)
        /// It was kept already.
        case same
        /// There is nothing to keep: by the policy's wish, or since the run read no export that could be used.
        case nothing
        /// It could not be kept, and why; what was kept before is kept on.
        case skipped(String)
    }

    /// Keeps what a run read, once its plan is stored: the export is read a second time, so that no run waits for it.
    ///
    /// To be called when the run is over, by whoever has the export. Nothing rests on it but that the read can be planned again,
    /// and that changes can build on it.
    ///
    /// - Parameter name: what the journal calls the file; its path if nil.
    /// - Throws: ``PostgresError``; that the export is gone or another one by now is no error.
    package func keep(_ run: Run, of policy: Policy, file: String, named name: String? = nil) async throws -> Keeping {
        let rows = try await postgres.query(
            "select source_id, input, file_hash, proof, planned_at is not null as planned from runs where id = \(run.id)")
        guard let row = rows.first, try row.decode(String.self, "input") == "export", try row.decode(Bool.self, "planned"),
            let hash = try row.decode([UInt8]?.self, "file_hash"), let proof = try row.decode(String?.self, "proof")
        else { return .nothing }
        let source = try row.decode(Int64.self, "source_id")
        guard let lifetime = policy.read.keep else {
            try await kept.discard(source: source, policy: policy.name)
            return .nothing
        }
        do {
            let files = try await ExportFiles.open(file)
            let before = try await kept.current(source: source, policy: policy.name)
            if let before, before.run > run.id { return .nothing }
            let draft = KeptReadDraft(
                source: source, policy: policy.name, run: run.id, fileName: name ?? file, fileHash: hash, through: files.modified,
                lifetime: lifetime)
            if let before, before.fileHash == hash, before.changeHashes.isEmpty {
                try await kept.touch(before, draft, proof: proof)
                return .same
            }
            return try await record(files, draft, policy)
        } catch let error as SyncError {
            return .skipped(error.message)
        } catch let error as IntakeError {
            return .skipped("\(file): \(error)")
        }
    }

    private func record(_ files: ExportFiles, _ draft: KeptReadDraft, _ policy: Policy) async throws -> Keeping {
        let writer = try await KeptReadWriter(draft, in: kept)
        do {
            let walk = try ExportWalk(
                files, options: policy.read.exportOptions, into: EntryRecorder(sealing: policy.sealed))
            while try await walk.step() {
                let recording = await walk.withSink { $0.take() }
                if !recording.isEmpty { try await writer.write(recording) }
            }
            try await writer.write(await walk.withSink { $0.finish() }, isLast: true)
            let (proof, digest) = try await walk.result()
            guard digest == draft.fileHash else {
                try await kept.discard(writer.id)
                return .skipped("\(files.path) is not any more what the run read")
            }
            let entries = await walk.withSink { $0.entries }
            try await postgres.withTransaction { connection in
                _ = try await connection.execute(KeptReadStore.finish(writer.id, entries: entries, ReadFacts(proof)))
                _ = try await connection.execute(KeptReadStore.current(draft.run))
            }
            return .kept(entries: entries)
        } catch {
            try? await kept.discard(writer.id)
            throw error
        }
    }

    /// What is kept of a policy's reads; nil where nothing is, or not any more.
    package func keptRead(of policy: Policy) async throws -> KeptRead? {
        let place = try await runs.place(of: policy.source, platformApp: policy.platformApp)
        return try await kept.latest(source: place.source, policy: policy.name)
    }
}
