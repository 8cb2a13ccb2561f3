// SPDX-License-Identifier: Apache-2.0

import Intake

/// A group, unit or value as an entry names it.
private struct Mention {
    /// In the one spelling.
    let name: String
    /// What it says first, as written: of `cn=Sales,ou=teams` `Sales`.
    let value: String
    /// The group to which its people belong, or a pseudo-group.
    let group: String
    /// Its immutable id, where its own entry is at hand.
    var id: String?
    /// Whether its own entry is at hand.
    var isOwnEntry = false
}

/// Accounts and rules that come to light with the entries.
extension Policy {
    /// A group that a person or another group says to be in.
    func discover(group name: String, written: ArraySlice<UInt8>, into found: inout Discovered) {
        guard !compiled.patterns.isEmpty || !compiled.each.isEmpty else { return }
        for rule in compiled.patterns where rule.pattern.matches(name) { found.rules.append(rule.row(name)) }
        for rule in compiled.each {
            guard let pattern = rule.groupPattern, pattern.matches(name) else { continue }
            let mention = Mention(name: name, value: GroupName.leading(written), group: name)
            add(rule, mention, Entry(), to: &found)
        }
    }

    /// A group's own entry, under its name and the other names that it has.
    func discover(groupEntry entry: borrowing Entry, name: String, id: [UInt8]?, into found: inout Discovered) {
        var others: [(name: String, written: String)] = []
        for attribute in groups.names {
            entry.forEachValue(of: attribute) { value in
                guard value.kind == .text, let plain = GroupName.plain(value.bytes) else { return }
                others.append((plain, GroupName.leading(value.bytes)))
            }
        }
        let written = entry.dn.map { GroupName.leading(ArraySlice($0.utf8)) } ?? name
        for (other, value) in [(name, written)] + others {
            for rule in compiled.patterns where rule.pattern.matches(other) { found.rules.append(rule.row(name)) }
            if other != name {
                for row in compiled.rowsByGroup[other] ?? [] { found.rules.append(row.about(name)) }
            }
            for rule in compiled.each {
                guard let pattern = rule.groupPattern, pattern.matches(other) else { continue }
                let mention = Mention(
                    name: name, value: value, group: name, id: id.map { Self.hexadecimal($0) }, isOwnEntry: true)
                add(rule, mention, entry, to: &found)
            }
        }
    }

    /// The accounts by the tree above a person and by the person's values, with the pseudo-groups that stand for them.
    func discover(person entry: borrowing Entry, name: String?, groups: inout [String], into found: inout Discovered)
        throws(EntryFault)
    {
        for rule in compiled.each {
            switch rule.subject {
            case .group: break
            case .unit(let pattern):
                var above = name.flatMap { DistinguishedName.parent(ofNormalised: $0) }
                while let unit = above, !unit.isEmpty {
                    if pattern.matches(unit) {
                        let value = GroupName.leading(ArraySlice(unit.utf8))
                        let mention = Mention(name: unit, value: value, group: Selector.unitKey(unit))
                        groups.append(mention.group)
                        add(rule, mention, Entry(), to: &found)
                    }
                    above = DistinguishedName.parent(ofNormalised: unit)
                }
            case .attribute(let mapping):
                for value in try texts(mapping, of: entry, "the value of account \(rule.key)") {
                    let name = Self.valueName(value)
                    let mention = Mention(name: name, value: value, group: "*each:\(rule.key):\(name)")
                    groups.append(mention.group)
                    add(rule, mention, entry, to: &found)
                }
            }
        }
    }

    /// The one spelling of a value that stands for an account.
    static func valueName(_ value: String) -> String {
        value.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func texts(_ mapping: FieldMapping, of entry: borrowing Entry, _ what: String) throws(EntryFault) -> [String] {
        switch try field(mapping, of: entry, what, single: false, maximum: 255) {
        case .text(let text): [text]
        case .texts(let texts): texts
        case .number(let number): [number]
        case .boolean(let flag): [flag ? "true" : "false"]
        case .null, nil: []
        }
    }

    /// The account of a rule for what is mentioned, with the rows that fill it.
    private func add(_ rule: EachAccountRule, _ mention: Mention, _ entry: borrowing Entry, to found: inout Discovered) {
        let key = rule.key + ":" + mention.name
        guard !found.accounts.contains(where: { $0.key == key }) else { return }
        let keys =
            [mention.id.map { rule.key + "=" + $0 }, key] + (rule.formerNames[mention.name] ?? []).map { rule.key + ":" + $0 }
        found.accounts.append(
            DesiredAccount(
                rule: rule.key, key: key, keys: keys.compactMap { $0 }, name: Self.name(of: rule, mention, entry),
                locale: rule.locale, isFromEntry: mention.isOwnEntry, absent: rule.absent))
        let own = GrantedRole(.agent)
        found.rules.append(
            GroupRule(
                group: mention.group, account: key, role: .agent, customRole: nil,
                precedence: rule.roleOrder.precedence(of: own), line: rule.line))
        for grant in rule.grants {
            guard let group = Self.group(of: grant.target, mention) else { continue }
            found.rules.append(
                GroupRule(
                    group: group, account: key, role: grant.granted.role, customRole: grant.granted.customRole,
                    precedence: rule.roleOrder.precedence(of: grant.granted), line: grant.line))
        }
    }

    /// The first name that can be made, at most 255 characters of it.
    private static func name(of rule: EachAccountRule, _ mention: Mention, _ entry: borrowing Entry) -> String {
        for source in rule.name {
            let made: [UInt8]? =
                switch source.origin {
                case .template(let template): template.expanded(with: entry, value: ArraySlice(mention.value.utf8))
                case .attribute(let name): entry.first(name).flatMap { $0.kind == .text ? Array($0.bytes.trimmed) : nil }
                case .constant(.text(let text)): Array(text.utf8)
                case .constant: nil
                }
            guard let made, !made.isEmpty, !made.contains(0) else { continue }
            if let text = source.steps.applied(to: String(decoding: made, as: UTF8.self)).first {
                return String(text.prefix(255))
            }
        }
        return String(mention.value.prefix(255))
    }

    private static func group(of target: EachAccountRule.Grant.Target, _ mention: Mention) -> String? {
        switch target {
        case .selector(let selector): return selector.groupKey
        case .group(let template):
            let isDistinguished = GroupName.looksDistinguished(ArraySlice(template.text.utf8))
            // From the one spelling, so that every mention makes the same name.
            let leading = GroupName.leading(ArraySlice(mention.name.utf8)).lowercased()
            let value = isDistinguished ? GroupName.escaped(leading) : leading
            guard let name = template.expanded(with: Entry(), value: ArraySlice(value.utf8)) else { return nil }
            return isDistinguished
                ? DistinguishedName.normalised(String(decoding: name, as: UTF8.self)) : GroupName.plain(name[...])
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension GroupRule {
    /// The same for another group.
    fileprivate func about(_ group: String) -> GroupRule {
        GroupRule(group: group, account: account, role: role, customRole: customRole, precedence: precedence, line: line)
    }
}
