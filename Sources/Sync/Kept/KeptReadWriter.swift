// SPDX-License-Identifier: Apache-2.0

import Intake

/// Writes a recording to the database, in pieces; no more than one is in memory.
actor KeptReadWriter {
    let id: Int64
    private let store: KeptReadStore
    private var buffer: [UInt8] = []
    private var number = 0

    /// Begins a read that is to be kept.
    init(_ draft: KeptReadDraft, in store: KeptReadStore) async throws {
        self.store = store
        id = try await store.begin(draft)
    }

    func write(_ bytes: [UInt8], isLast: Bool = false) async throws {
        buffer += bytes
        while buffer.count >= KeptReadStore.pieceSize || (isLast && !buffer.isEmpty) {
            let piece = Array(buffer.prefix(KeptReadStore.pieceSize))
            buffer.removeFirst(piece.count)
            number += 1
            try await store.append(piece, number: number, to: id)
        }
    }
}
