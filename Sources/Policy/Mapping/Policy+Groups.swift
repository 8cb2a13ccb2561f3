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
        var failure: E?
        for attribute in groups.members {
            entry.forEachValue(of: attribute.name) { value in
                guard failure == nil else { return }
                guard let member = Self.member(value, isLogin: attribute.holdsLogins, names: &names) else {
                    unreadable += 1
                    return
                }
                do throws(E) { try body(member) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        return unreadable
    }

    private static func member(_ value: AttributeValue, isLogin: Bool, names: inout NameCache) -> GroupMember? {
        if isLogin {
            let text = value.bytes.trimmed
            guard value.kind == .text, !text.isEmpty, !text.contains(0) else { return nil }
            return .login(lowercased(text))
        }
        return names.normalised(value).map { .dn($0) }
    }

    func group(from entry: borrowing Entry, names: inout NameCache) throws(EntryFault) -> DesiredGroup {
        guard let key = try normalisedDN(of: entry) else {
            throw EntryFault(reason: .badDN, message: "a group without dn")
        }
        var parents: [String] = []
        appendMemberOf(of: entry, to: &parents, names: &names)
        ByteOrder.sortUnique(&parents)
        let externalKey = try? externalKey(of: entry)
        return DesiredGroup(key: key, externalKey: externalKey, parents: parents, isComplete: !entry.hasMissingValues)
    }

    func groupKeys(of entry: borrowing Entry, names: inout NameCache) -> [String] {
        var keys: [String] = []
        if compiled.needsGroups {
            appendMemberOf(of: entry, to: &keys, names: &names)
            // Without nesting, only groups that a rule names can matter: others coming and going change nobody.
            if !groups.nested { keys.removeAll { !compiled.namedGroups.contains($0) } }
        }
        if compiled.namesEveryone { keys.append(Selector.everyone.groupKey) }
        for (group, filter) in compiled.filters where filter.matches(entry) { keys.append(group) }
        ByteOrder.sortUnique(&keys)
        return keys
    }

    /// Values that are no distinguished names are left out: no rule can name them.
    private func appendMemberOf(of entry: borrowing Entry, to keys: inout [String], names: inout NameCache) {
        for attribute in groups.memberOf {
            entry.forEachValue(of: attribute) { value in
                if let key = names.normalised(value) { keys.append(key) }
            }
        }
    }
}
