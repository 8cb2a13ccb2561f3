// SPDX-License-Identifier: Apache-2.0

/// Groups with their people, as ldapdomaindump writes them.
extension LDAP3Reader {
    /// `"Domain Users": [`, as `domain_users_by_group` has it: the key may turn out to be a group's name.
    mutating func name(group name: UnsafeRawBufferPointer) {
        group.reset(at: entry.position)
        var dn = Array("CN=".utf8)
        for byte in name {
            if "\"+,;<>\\#=".utf8.contains(byte) { dn.append(UInt8(ascii: "\\")) }
            dn.append(byte)
        }
        dn.withUnsafeBytes { group.setDN($0) }
        for (attribute, value) in [("objectClass", Array("group".utf8)), ("cn", Array(name))] {
            let index = Array(attribute.utf8).withUnsafeBytes { group.findOrAdd($0) }
            value.withUnsafeBytes { group.append($0, kind: .text, to: index) }
        }
        state = .groupValue
    }

    mutating func openGroup(_ token: JSONTokenizer.Token) {
        switch token.kind {
        case .beginArray:
            _ = Array("member".utf8).withUnsafeBytes { group.findOrAdd($0) }
            expectItems(.group, depth: 3)
        case .beginObject:
            after = .entry
            skipDepth = tokenizer.depth - 1
            state = .skipping
        default: state = .entry
        }
    }

    mutating func endGroup<S: EntrySink>(into sink: inout S) throws {
        let isTooLarge = group.cost > limits.entryBytes
        let fault: (Rejection.Reason, String)? = isTooLarge ? (.tooLarge, "more than \(limits.entryBytes) bytes") : nil
        try tally.deliver(&group, fault: fault, ranges: RangeParts(), into: &sink)
        // The object that names the group may name another one.
        expectItems(.items, depth: 1)
        begin(at: group.position)
        state = .entry
        isGroupObject = true
    }

    mutating func addMember(_ name: Range<Int>) {
        let last = group.attributes.count - 1
        entry.bytes.withUnsafeBytes { group.append(UnsafeRawBufferPointer(rebasing: $0[name]), kind: .text, to: last) }
    }
}
