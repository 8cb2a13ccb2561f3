// SPDX-License-Identifier: Apache-2.0

/// What becomes of the items.
extension JSONExportReader {
    /// Gives the sink the item that was just read, or makes it a part of its group.
    mutating func deliver<S: EntrySink>(into sink: inout S) throws {
        if isGroup {
            if groupFault == nil { groupFault = item.flattener.fault }
            return
        }
        let completion = format.complete(&item.entry, item.kind)
        name(completion.kind)
        facts.note(completion.kind)
        if item.flattener.fault == nil, let message = completion.fault { item.flattener.fault = (.wrongShape, message) }
        if completion.isChange, sink.takesChanges { return try deliverChange(completion, into: &sink) }
        if completion.isRemoved, item.flattener.fault == nil {
            facts.removals += 1
            return
        }
        if completion.lostMemberships || item.flattener.lostMemberships {
            item.entry.hasMissingValues = true
            facts.lostMemberships += 1
        }
        if item.flattener.fault == nil, item.entry.dnRange?.isEmpty ?? true {
            item.flattener.fault = (.noDN, "none of the attributes that name an entry has a value")
        }
        try tally.deliver(&item.entry, fault: item.flattener.fault, ranges: RangeParts(), into: &sink)
    }

    /// Gives the sink what happened to the object.
    private mutating func deliverChange<S: EntrySink>(_ completion: ItemCompletion, into sink: inout S) throws {
        if item.flattener.fault == nil, item.entry.dnRange?.isEmpty ?? true {
            item.flattener.fault = (.noDN, "none of the attributes that name an object has a value")
        }
        change.fill(from: item.entry, completion)
        try tally.deliver(change, fault: item.flattener.fault, into: &sink)
    }

    /// Names the entry, and says what it is.
    private mutating func name(_ kind: JSONFormat.Kind) {
        if kind == .group, format.below != nil, item.entry.first(ItemAttribute.path) == nil { namePath() }
        if item.entry.dnRange == nil {
            for name in kind == .group ? format.groupNames : format.userNames {
                guard let index = item.entry.index(of: name), item.entry.attributes[index].firstValue >= 0 else { continue }
                let value = item.entry.values[Int(item.entry.attributes[index].firstValue)]
                guard value.length > 0 else { continue }
                item.entry.dnRange = Int(value.start)..<Int(value.start) + Int(value.length)
                break
            }
        }
        switch kind {
        case .user: item.entry.add("user", to: "objectClass")
        case .group: item.entry.add("group", to: "objectClass")
        case .member, .object: break
        }
    }

    /// The path of a group that does not state it: the names of those above it and its own.
    private mutating func namePath() {
        var path: [UInt8] = []
        for above in parents + [item] {
            if let stated = above.entry.first(ItemAttribute.path), !stated.isEmpty {
                path = Array(stated.bytes)
                continue
            }
            guard let name = above.entry.first(ItemAttribute.name), !name.isEmpty else { return }
            path.append(UInt8(ascii: "/"))
            for byte in name.bytes {
                if byte == UInt8(ascii: "/") { path.append(UInt8(ascii: "~")) }
                path.append(byte)
            }
        }
        let index = item.entry.findOrAdd(("path" as StaticString).bytes)
        path.withUnsafeBytes { item.entry.append($0, kind: .text, to: index) }
    }

    // MARK: - Members as one entry

    /// Begins the entry of the group whose members the items are, if they are.
    mutating func openGroup(of kind: JSONFormat.Kind, at position: Position) throws(IntakeError) {
        guard !isGroup else { return }
        guard let group, !format.name.family.namesItsGroups else {
            guard kind == .member else { return }
            throw IntakeError(
                code: .unknownShape, position: position, expected: "the name of the group with the list of its members",
                found: "members of a group that the file does not name")
        }
        Array(group.utf8).withUnsafeBytes { beginGroup(named: $0, at: position) }
    }

    mutating func beginGroup(named name: UnsafeRawBufferPointer, at position: Position) {
        isGroup = true
        groupFault = nil
        item.entry.reset(at: position)
        item.entry.setDN(name)
        item.entry.names = .plain
        item.entry.add("group", to: "objectClass")
        // A group without members says so.
        _ = Array("members.id".utf8).withUnsafeBytes { item.entry.findOrAdd($0) }
    }

    /// Hands out the group, all of whose members were read.
    mutating func closeGroup<S: EntrySink>(into sink: inout S) throws {
        guard isGroup else { return }
        isGroup = false
        try tally.deliver(&item.entry, fault: groupFault, ranges: RangeParts(), into: &sink)
    }
}

extension Entry {
    /// Adds a value that the format implies.
    mutating func add(_ value: StaticString, to attribute: StaticString) {
        let index = findOrAdd(attribute.bytes)
        append(value.bytes, kind: .text, to: index)
    }
}
