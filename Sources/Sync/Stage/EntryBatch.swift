// SPDX-License-Identifier: Apache-2.0

import Intake

/// What one piece of an export holds, kept from when it is read until it is mapped, which go on beside each other.
struct EntryBatch: EntrySink, Sendable {
    private enum Item {
        case file(String)
        case entry(Entry)
        case rejected(Rejection)
    }

    /// Bytes of the export that were read for it.
    private(set) var bytes: Int64 = 0
    private var items: [Item] = []

    mutating func begin(file: String) { items.append(.file(file)) }

    mutating func entry(_ entry: borrowing Entry) { items.append(.entry(entry.kept())) }

    mutating func rejected(_ rejection: Rejection) { items.append(.rejected(rejection)) }

    /// Hands out what is there, and begins anew.
    ///
    /// - Parameter bytes: that were read for it.
    mutating func take(bytes: Int64) -> EntryBatch? {
        guard bytes > 0 || !items.isEmpty else { return nil }
        defer { items = [] }
        var taken = self
        taken.bytes = bytes
        return taken
    }

    /// Hands everything on in the order of the export.
    consuming func deliver<S: EntrySink>(into sink: inout S) throws {
        for item in items {
            switch item {
            case .file(let name): try sink.begin(file: name)
            case .entry(let entry): try sink.entry(entry)
            case .rejected(let rejection): try sink.rejected(rejection)
            }
        }
    }
}
