// SPDX-License-Identifier: Apache-2.0

extension EntryChange {
    /// Tells what an item says as a change: each attribute that it mentions is replaced, null and empty lists clear.
    ///
    /// `members@delta.id` adds to `members.id`, and what was moved to `members@removed.id` is taken away.
    mutating func fill(from item: borrowing Entry, _ completion: ItemCompletion) {
        reset(at: item.position)
        kind = completion.isRemoved ? .delete : .upsert
        isRestorable = completion.isRemoved && completion.isRestorable
        item.withDN { entry.setDN($0) }
        entry.names = item.names
        guard !completion.isRemoved else { return }
        for index in item.attributes.indices {
            let start = Int(item.attributes[index].nameStart)
            let written = item.bytes[start..<start + Int(item.attributes[index].nameLength)]
            var operation = Operation.replace
            var name = Array(written)
            for (mark, meaning) in [("@delta." as StaticString, Operation.add), ("@removed.", .remove)] {
                guard let listed = Self.list(written, mark: mark) else { continue }
                (operation, name) = (meaning, listed)
            }
            // Of who is added or taken away, only the id is a statement; a list that is empty by now is none.
            let isStatement = name.suffix(3).elementsEqual(".id".utf8) && item.attributes[index].firstValue >= 0
            guard operation == .replace || isStatement else { continue }
            let part = name.withUnsafeBytes { open(operation, $0) }
            item.forEachValue(at: index) { value in
                value.bytes.withUnsafeBytes { entry.append($0, kind: value.kind, to: part) }
            }
            if item.attributes[index].firstValue < 0 { entry.attributes[part].presence = item.attributes[index].presence }
        }
    }

    /// `members.id` of `members@delta.id`; nothing where the mark is not in the name.
    private static func list(_ name: ArraySlice<UInt8>, mark: StaticString) -> [UInt8]? {
        guard let at = name.indices.first(where: { name[$0...].starts(with: mark.bytes) }), at > name.startIndex else {
            return nil
        }
        return name[..<at] + [UInt8(ascii: ".")] + name[(at + mark.utf8CodeUnitCount)...]
    }
}
