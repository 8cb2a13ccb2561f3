// SPDX-License-Identifier: Apache-2.0

/// How values change their place after they were read.
extension Entry {
    /// Moves the values that were added from the index `start` on before those that were added from `front` on.
    mutating func moveToFront(valuesFrom start: Int, to front: Int) {
        guard start > front else { return }
        for index in attributes.indices where attributes[index].lastValue >= Int32(start) {
            // The chain is what was there before the list, then what the list gave before, then what moves.
            var before: Int32 = -1
            var last: Int32 = -1
            var next = attributes[index].firstValue
            while next >= 0, next < Int32(start) {
                if next < Int32(front) { before = next }
                last = next
                next = values[Int(next)].next
            }
            let first = before < 0 ? attributes[index].firstValue : values[Int(before)].next
            guard next >= 0, last >= 0, last != before else { continue }
            let end = attributes[index].lastValue
            values[Int(end)].next = first
            values[Int(last)].next = -1
            attributes[index].lastValue = last
            if before < 0 { attributes[index].firstValue = next } else { values[Int(before)].next = next }
        }
    }

    /// Moves the values that were added from the index `start` on: those of `members@delta.id` to `members@removed.id`.
    mutating func moveAway(valuesFrom start: Int) {
        for index in attributes.indices where attributes[index].lastValue >= Int32(start) {
            let from = Int(attributes[index].nameStart)
            let name = Array(bytes[from..<from + Int(attributes[index].nameLength)])
            let mark = Array("@delta.".utf8)
            guard let at = name.indices.first(where: { name[$0...].starts(with: mark) }) else { continue }
            let other = (name[..<at] + Array("@removed.".utf8) + name[(at + mark.count)...]).withUnsafeBytes { findOrAdd($0) }
            var last: Int32 = -1
            var next = attributes[index].firstValue
            while next >= 0, next < Int32(start) {
                last = next
                next = values[Int(next)].next
            }
            guard next >= 0 else { continue }
            let end = attributes[index].lastValue
            if last < 0 { attributes[index].firstValue = -1 } else { values[Int(last)].next = -1 }
            attributes[index].lastValue = last
            if attributes[index].firstValue < 0 { attributes[index].presence = .emptyList }
            if attributes[other].lastValue < 0 {
                attributes[other].firstValue = next
            } else {
                values[Int(attributes[other].lastValue)].next = next
            }
            attributes[other].lastValue = end
            attributes[other].presence = .present
        }
    }
}
