// SPDX-License-Identifier: Apache-2.0

/// How the readers fill an entry.
extension Entry {
    /// Empties the entry and keeps its storage, unless one huge entry made it grow.
    mutating func reset(at position: Position) {
        let keeps = bytes.capacity <= 1 << 22 && values.capacity <= 1 << 18
        bytes.removeAll(keepingCapacity: keeps)
        attributes.removeAll(keepingCapacity: keeps)
        values.removeAll(keepingCapacity: keeps)
        dnRange = nil
        hasMissingValues = false
        isContinuation = false
        names = .distinguished
        self.position = position
    }

    /// What the entry takes in memory, near enough for a limit.
    @inline(__always)
    var cost: Int { bytes.count &+ values.count &* MemoryLayout<Value>.stride }

    mutating func setDN(_ dn: UnsafeRawBufferPointer) {
        let start = bytes.count
        bytes.append(contentsOf: dn)
        dnRange = start..<bytes.count
    }

    /// The attribute of this name, if it is there; `name` is folded by `NameForm` where it has options.
    @inline(__always)
    func find(_ name: UnsafeRawBufferPointer, key: UInt64) -> Int? {
        for index in attributes.indices where attributes[index].key == key {
            let start = Int(attributes[index].nameStart)
            let length = Int(attributes[index].nameLength)
            let isSame = bytes.withUnsafeBytes { all in
                NameForm.equal(UnsafeRawBufferPointer(rebasing: all[start..<start + length]), name)
            }
            if isSame { return index }
        }
        return nil
    }

    /// Adds an attribute that is not there yet.
    @inline(__always)
    mutating func add(_ name: UnsafeRawBufferPointer, key: UInt64) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: name)
        attributes.append(
            Attribute(
                key: key, nameStart: UInt32(start), nameLength: UInt32(name.count), firstValue: -1, lastValue: -1,
                presence: .emptyList))
        return attributes.count - 1
    }

    /// The attribute of this name, added where it is not there yet.
    mutating func findOrAdd(_ name: UnsafeRawBufferPointer) -> Int {
        guard !name.contains(NameForm.semicolon) else {
            return NameForm.folded(Array(name)).withUnsafeBytes { folded in
                let key = NameForm.key(folded)
                return find(folded, key: key) ?? add(folded, key: key)
            }
        }
        let key = NameForm.key(name)
        return find(name, key: key) ?? add(name, key: key)
    }

    /// Adds a value to an attribute.
    @inline(__always)
    mutating func append(_ value: UnsafeRawBufferPointer, kind: AttributeValue.Kind, to attribute: Int) {
        let start = bytes.count
        bytes.append(contentsOf: value)
        link(start: start, kind: kind, to: attribute)
    }

    /// Makes the bytes from `start` to the end of the arena a value of an attribute.
    @inline(__always)
    mutating func link(start: Int, kind: AttributeValue.Kind, to attribute: Int) {
        let index = Int32(values.count)
        values.append(Value(start: UInt32(start), length: UInt32(bytes.count - start), next: -1, kind: kind))
        let last = attributes[attribute].lastValue
        if last >= 0 {
            values[Int(last)].next = index
        } else {
            attributes[attribute].firstValue = index
        }
        attributes[attribute].lastValue = index
        attributes[attribute].presence = .present
    }

    /// Adds a value written in base64; false where it is not base64, then the entry is as before.
    mutating func append(base64 text: UnsafeRawBufferPointer, to attribute: Int) -> Bool {
        let start = bytes.count
        guard Base64.decode(text, into: &bytes) else { return false }
        let isText = bytes.withUnsafeBytes { UTF8Check.isValid(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        link(start: start, kind: isText ? .text : .binary, to: attribute)
        return true
    }
}
