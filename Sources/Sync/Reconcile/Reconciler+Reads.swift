// SPDX-License-Identifier: Apache-2.0

import Intake
package import Policy
import Postgres

/// A read that takes the place of the kept one when its plan is stored.
struct MergedRead: Sendable {
    let feed: KeptFeed
    let writer: KeptReadWriter
}

/// What a run reads, open.
struct OpenedRead: Sendable {
    let feed: any EntryFeed
    let kept: MergedRead?
}

extension Reconciler {
    /// Opens what a run reads.
    ///
    /// A source that hands over changes is what its kept read says, and each file is something that the kept read has or has not
    /// yet. So a file may come again at any time, after a restart or by mistake, and nothing is done twice or undone by it.
    func open(_ input: RunInput, _ context: PlanContext) async throws -> OpenedRead {
        let policy = context.policy
        switch input {
        case .kept:
            guard let read = try await kept.latest(source: context.source, policy: policy.name) else {
                throw SyncError(.nothingKept, "the kept read is gone")
            }
            return replay(read, policy)
        case .export(let file):
            let files = try await ExportFiles.open(file)
            if let read = try await kept.current(source: context.source, policy: policy.name), !read.changeHashes.isEmpty,
                files.modified <= read.through, try await files.digest() == read.fileHash
            {
                try await note(.kept, context.run)
                return replay(read, policy)
            }
            return OpenedRead(feed: try ExportFeed(files, policy: policy), kept: nil)
        case .changes(let file): return try await open(changes: file, context)
        }
    }

    /// Whether the kept read has these changes already, so that there is no need for a run.
    package func hasTaken(_ changes: String, of policy: Policy) async throws -> Bool {
        let place = try await runs.place(of: policy.source, platformApp: policy.platformApp)
        guard let read = try await kept.current(source: place.source, policy: policy.name) else { return false }
        return read.changeHashes.contains(try await ExportFiles.open(changes).digest())
    }

    /// Whether the policy says something else than at its last run, and there is a kept read by which to show what that changes.
    package func hasNews(_ policy: Policy) async throws -> Bool {
        let place = try await runs.place(of: policy.source, platformApp: policy.platformApp)
        return try await !postgres.query(
            """
            select from (
                select policy_digest from runs
                where source_id = \(place.source) and policy = \(policy.name) and undoes is null and policy_digest is not null
                order by id desc limit 1
            ) r
            where r.policy_digest <> sha256(convert_to(\(policy.fingerprint), 'UTF8'))
              and exists (select from kept_reads where source_id = \(place.source) and is_current and expires_at > now())
            """
        ).isEmpty
    }

    private func replay(_ read: KeptRead, _ policy: Policy) -> OpenedRead {
        OpenedRead(feed: KeptFeed(read, in: kept, policy: policy, digest: read.fileHash), kept: nil)
    }

    private func note(_ input: RunInput, _ run: Int64) async throws {
        try await postgres.execute("update runs set input = \(input.name) where id = \(run)")
    }

    /// Whether what was read is something that a run may act upon.
    func check(_ counts: RunCounts, _ input: RunInput, _ policy: Policy) throws(SyncError) {
        guard counts["people"] > 0 else {
            throw SyncError(
                .empty, "\(input.words) holds no person that the policy knows: an empty read is a fault, not an empty company")
        }
        let known = counts["people"] + counts["groups"] + counts["rejected"]
        let share = policy.operation.quarantineShare
        guard Double(counts["rejected"]) * 100 <= share * Double(known) else {
            throw SyncError(
                .unusable,
                "\(counts["rejected"]) of \(known) people and groups in \(input.words) cannot be used, and the policy lets \(share) % "
                    + "pass; is it the right file, and does the policy name the right attributes?")
        }
    }

    // MARK: Changes

    private func open(changes file: String, _ context: PlanContext) async throws -> OpenedRead {
        let policy = context.policy
        let files = try await ExportFiles.open(file)
        guard let lifetime = policy.read.keep, let read = try await kept.current(source: context.source, policy: policy.name)
        else {
            throw SyncError(
                .nothingKept,
                "\(file) tells what changed, and nothing is kept that it could build on: hand over a full export first")
        }
        let digest = try await files.digest()
        if read.changeHashes.contains(digest) {
            try await note(.kept, context.run)
            return replay(read, policy)
        }
        guard files.modified >= read.through else {
            throw SyncError(
                .outOfOrder,
                "\(file) is older than what was read already: changes are taken in their order; hand over a full export")
        }
        guard try await !kept.isOutdated(read, source: context.source) else {
            throw SyncError(
                .outOfOrder,
                "another export was applied since run \(read.run), whose read is the last that was kept: hand over a full export")
        }
        let log = try await changes(in: files, policy)
        let writer = try await KeptReadWriter(
            KeptReadDraft(
                source: context.source, policy: policy.name, run: context.run, fileName: read.fileName, fileHash: read.fileHash,
                changeHashes: Array((read.changeHashes + [digest]).suffix(KeptReadStore.knownChanges)),
                through: files.modified, lifetime: lifetime),
            in: kept)
        let feed = KeptFeed(read, in: kept, policy: policy, changes: log, digest: digest, into: writer)
        return OpenedRead(feed: feed, kept: MergedRead(feed: feed, writer: writer))
    }

    /// All changes of a file, or none of them: a part of them would be another truth.
    private func changes(in files: ExportFiles, _ policy: Policy) async throws -> ChangeLog {
        let walk = try ExportWalk(files, options: policy.read.exportOptions, into: ChangeLog())
        do {
            try await walk.finish()
        } catch let fault as ChangeLog.Fault {
            throw SyncError(.unusable, "\(files.path): \(fault)")
        }
        let proof = try await walk.result().proof
        let log = await walk.sink
        // That nothing changed is a statement as well.
        let saysNothing = log.count == 0 && proof.notes.allSatisfy { $0 == .changesOnly || $0 == .noEntries }
        guard proof.level > .none || saysNothing else {
            throw SyncError(
                .unreadable,
                "\(files.path) may not be whole, so none of its changes is taken: "
                    + proof.notes.map(\.description).joined(separator: ", "))
        }
        return log
    }
}

extension IntakeError {
    /// What to do about it, where there is something.
    var hint: String {
        code == .changeRecords ? "; what tells changes belongs under read.changes of the policy, or is named with --changes" : ""
    }
}
