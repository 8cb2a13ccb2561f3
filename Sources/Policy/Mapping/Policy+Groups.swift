// SPDX-License-Identifier: Apache-2.0

package import Intake

extension Policy {
    /// Calls `body` with each member that the group's entry names; gives the number of those that cannot be read.
    ///
    /// A member may come more than once, where two attributes name it.
    @discardableResult
    package func forEachMember<E: Error>(
        of entry: borrowing Entry, _ body: (GroupMember) throws(E) -> Void
    ) throws(E) -> Int {
        var unreadable = 0
        // Members are not remembered: each comes once.
        var names = NameCache(size: 0)
        let isPlain = entry.names == .plain
        var failure: E?
        for attribute in groups.members {
            entry.forEachValue(of: attribute.name) { value in
                guard failure == nil else { return }
                guard let member = Self.member(value, isLogin: attribute.holdsLogins, isPlain, names: &names) else {
                    unreadable += 1
                    return
                }
                do throws(E) { try body(member) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        return unreadable
    }

    private static func member(_ value: AttributeValue, isLogin: Bool, _ isPlain: Bool, names: inout NameCache) -> GroupMember? {
        if isLogin {
            let text = value.bytes.trimmed
            guard value.kind == .text, !text.isEmpty, !text.contains(0) else { return nil }
            return .login(lowercased(text))
        }
        return groupName(value, isPlain, names: &names).map { .dn($0) }
    }

    private static func groupName(_ value: AttributeValue, _ isPlain: Bool, names: inout NameCache) -> String? {
        guard isPlain else { return names.normalised(value) }
        return value.kind == .text ? GroupName.inPlainExport(value.bytes) : nil
    }

    func group(from entry: borrowing Entry, names: inout NameCache) throws(EntryFault) -> DesiredGroup {
        guard let key = try normalisedDN(of: entry) else {
            throw EntryFault(reason: .badDN, message: "a group without a name")
        }
        var parents: [String] = []
        var found = Discovered()
        appendMemberOf(of: entry, to: &parents, names: &names, &found)
        ByteOrder.sortUnique(&parents)
        let externalKey = try? externalKey(of: entry)
        discover(groupEntry: entry, name: key, id: externalKey, into: &found)
        return DesiredGroup(
            key: key, externalKey: externalKey, parents: parents, isComplete: !entry.hasMissingValues, discovered: found)
    }

    /// The groups and pseudo-groups of a person, with what they bring to light.
    func groupKeys(
        of entry: borrowing Entry, name: String?, names: inout NameCache
    ) throws(EntryFault) -> (keys: [String], discovered: Discovered) {
        var keys: [String] = []
        var found = Discovered()
        if compiled.needsGroups {
            appendMemberOf(of: entry, to: &keys, names: &names, &found)
            // Without nesting, only groups that a rule names can matter: others coming and going change nobody.
            if !groups.nested, !compiled.anyGroupMatters { keys.removeAll { !compiled.namedGroups.contains($0) } }
        }
        if compiled.namesEveryone { keys.append(Selector.everyone.groupKey) }
        for (group, filter) in compiled.filters where filter.matches(entry) { keys.append(group) }
        if let name {
            for (group, unit) in compiled.units where DistinguishedName.contains(normalisedBase: unit, name) {
                keys.append(group)
            }
        }
        if !compiled.each.isEmpty { try discover(person: entry, name: name, groups: &keys, into: &found) }
        ByteOrder.sortUnique(&keys)
        return (keys, found)
    }

    /// Values that are no names are left out: no rule can name them.
    private func appendMemberOf(
        of entry: borrowing Entry, to keys: inout [String], names: inout NameCache, _ found: inout Discovered
    ) {
        let isPlain = entry.names == .plain
        for attribute in groups.memberOf {
            entry.forEachValue(of: attribute) { value in
                guard let key = Self.groupName(value, isPlain, names: &names) else { return }
                keys.append(key)
                discover(group: key, written: value.bytes, into: &found)
            }
        }
    }
}
