// SPDX-License-Identifier: Apache-2.0

import Intake
import Policy

/// A kept read as rows for the staging table: as it is, or with changes on top, which makes a read that is kept in its place.
///
/// As with an export, memory does not grow with it: only the changes are held.
actor KeptFeed: EntryFeed {
    private let store: KeptReadStore
    private let read: KeptRead
    private let writer: KeptReadWriter?
    /// What is noted as the digest of what was read.
    private let digest: [UInt8]
    private var replay = EntryReplay()
    private var merge: ChangeMerge<ReadTee>
    private var number = 1
    private var isOver = false
    private(set) var bytes: Int64 = 0
    nonisolated let size: Int64

    /// - Parameters:
    ///   - changes: what happened since; empty for the read as it is.
    ///   - writer: keeps what comes of it; nil for the read as it is.
    ///   - digest: of the changes, or of the read itself.
    init(
        _ read: KeptRead, in store: KeptReadStore, policy: Policy, changes: ChangeLog = ChangeLog(), digest: [UInt8],
        into writer: KeptReadWriter? = nil
    ) {
        self.read = read
        self.store = store
        self.writer = writer
        self.digest = digest
        size = read.size
        let recorder = writer == nil ? nil : EntryRecorder(sealing: policy.sealed)
        merge = ChangeMerge(changes, into: ReadTee(stager: EntryStager(policy: policy), recorder: recorder))
    }

    var stager: EntryStager { merge.sink.stager }

    /// Entries that were kept anew.
    var recorded: Int { merge.sink.recorder?.entries ?? 0 }

    func next() async throws -> [UInt8]? {
        guard !isOver else { return nil }
        guard let piece = try await store.piece(number, of: read.id) else { return try await finish() }
        number += 1
        try replay.read(piece, into: &merge)
        bytes += Int64(piece.count)
        if let recording = merge.sink.recorder?.take(), !recording.isEmpty { try await writer?.write(recording) }
        return merge.sink.stager.takeRows()
    }

    func conclusion() throws -> (facts: ReadFacts, digest: [UInt8]) { (read.facts, digest) }

    private func finish() async throws -> [UInt8] {
        guard number > 1 else {
            throw SyncError(.nothingKept, "the kept read of run \(read.run) was replaced meanwhile; try again")
        }
        try replay.finish()
        merge.sink.stager.note(unmatched: try merge.finish())
        isOver = true
        if let recording = merge.sink.recorder?.finish() { try await writer?.write(recording, isLast: true) }
        return merge.sink.stager.finishRows()
    }
}

/// Maps entries and writes them down.
struct ReadTee: EntrySink {
    var stager: EntryStager
    var recorder: EntryRecorder?

    mutating func begin(file: String) {
        stager.begin(file: file)
        recorder?.begin(file: file)
    }

    mutating func entry(_ entry: borrowing Entry) throws {
        try stager.entry(entry)
        recorder?.entry(entry)
    }

    mutating func rejected(_ rejection: Rejection) throws {
        try stager.rejected(rejection)
        recorder?.rejected(rejection)
    }
}

extension Policy {
    /// What is not kept of its reads: hashes of passwords, wherever it reads them from.
    var sealed: SealedAttributes {
        switch people.authentication?.passwords {
        case .ldap(let names): SealedAttributes(besides: names)
        case .keycloak(_, let secret, let data): SealedAttributes(besides: [secret, data])
        case nil: SealedAttributes()
        }
    }
}
