// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// The items of `accounts:` by their kind.
struct AccountRules {
    var fixed: [AccountRule] = []
    var each: [EachAccountRule] = []
}

/// `accounts:`.
extension DocumentReader {
    static let accountKeys = ["key", "name", "locale", "members", "roles", "role_order", "absent", "absent_members"]
    static let eachAccountKeys = ["each", "key", "name", "locale", "roles", "role_order", "absent", "absent_members", "renames"]

    mutating func accountRules(_ node: Node) -> AccountRules {
        var rules = AccountRules()
        guard case .sequence(let items) = node else {
            note(.wrongType, at: node, "\"accounts\" must be a list, each item with \"key\" and \"name\", not \(Self.kind(node))")
            return rules
        }
        var lines: [String: Int] = [:]
        for item in items {
            let isEach = item.mapping?["each"] != nil
            guard let fields = fields(of: item, "the account", known: isEach ? Self.eachAccountKeys : Self.accountKeys) else {
                continue
            }
            let key = required("key", in: fields).flatMap { name($0, "the key of the account") }
            if let key {
                if let line = lines[key], let node = fields["key"] {
                    note(.duplicate, at: node, "the account key \"\(key)\" is given already in line \(line)")
                }
                lines[key] = lines[key] ?? fields["key"]?.mark?.line ?? 1
            }
            if isEach {
                if let rule = eachAccountRule(fields, key: key) { rules.each.append(rule) }
            } else if let rule = accountRule(fields, key: key) {
                rules.fixed.append(rule)
            }
        }
        return rules
    }

    private mutating func accountRule(_ fields: Fields, key: String?) -> AccountRule? {
        let name = required("name", in: fields).flatMap { text($0, "the name of the account") }
        let locale = fields["locale"].flatMap { self.locale($0) }
        let absent = fields["absent"].flatMap { choice($0, "\"absent\"", AbsencePolicy.self) } ?? .suspend
        var grants = fields["members"].map { self.grants($0, "\"members\"", GrantedRole(.agent)) } ?? []
        if let roles = fields["roles"] {
            for (role, node, what) in roleItems(roles) { grants += self.grants(node, what, role) }
        }
        if fields["members"] == nil, fields["roles"] == nil {
            note(.missingKey, at: fields.node, "the account needs \"members\", \"roles\" or both")
        }
        let order = roleOrder(fields, of: grants.map(\.granted))
        guard let key, let name else { return nil }
        return AccountRule(
            key: key, name: name, locale: locale, grants: grants, roleOrder: order, absent: absent,
            absentMembers: absentMembers(fields), line: fields.node.mark?.line ?? 1)
    }

    mutating func absentMembers(_ fields: Fields) -> MembershipAbsence {
        fields["absent_members"].flatMap { choice($0, "\"absent_members\"", MembershipAbsence.self) } ?? .remove
    }

    // MARK: Roles

    /// The items of `roles:` with the role that each gives; custom roles stand beneath `custom`.
    mutating func roleItems(_ node: Node) -> [(role: GrantedRole, node: Node, what: String)] {
        let known = PolicyRole.allCases.map(\.rawValue) + ["custom"]
        guard let fields = fields(of: node, "\"roles\"", known: known) else { return [] }
        var items = PolicyRole.allCases.compactMap { role in
            fields[role.rawValue].map { (GrantedRole(role), $0, "\"\(role.rawValue)\"") }
        }
        guard let custom = fields["custom"] else { return items }
        guard case .mapping(let mapping) = custom, !mapping.isEmpty else {
            note(.wrongType, at: custom, "\"custom\" must be a mapping of names of custom roles, not \(Self.kind(custom))")
            return items
        }
        for (keyNode, value) in mapping {
            guard let name = text(keyNode, "the name of a custom role"), !refusesMerge(name, at: keyNode) else { continue }
            guard PolicyRole(rawValue: name) == nil else {
                note(.badValue, at: keyNode, "\"\(name)\" is no custom role; it stands in \"roles\" itself")
                continue
            }
            items.append((GrantedRole(.agent, customRole: name), value, "\"\(name)\""))
        }
        return items
    }

    /// The order of roles: administrator, custom roles as they are written, agent, unless `role_order` says otherwise.
    mutating func roleOrder(_ fields: Fields, of granted: [GrantedRole]) -> [GrantedRole] {
        var order = [GrantedRole(.administrator)]
        for role in granted where role.customRole != nil && !order.contains(role) { order.append(role) }
        order.append(GrantedRole(.agent))
        guard let node = fields["role_order"], let items = list(node, "\"role_order\"") else { return order }
        var stated: [GrantedRole] = []
        for item in items {
            guard let name = text(item, "a role in \"role_order\"") else { continue }
            guard let role = order.first(where: { $0.name == name }) else {
                let known = order.map(\.name)
                note(
                    .badValue, at: item, "\"\(name)\" in \"role_order\" is none of the roles \(Self.listing(known))",
                    suggestion: NearestName.find(name, among: known))
                continue
            }
            if stated.contains(role) { note(.duplicate, at: item, "\"\(name)\" is given more than once in \"role_order\"") }
            stated.append(role)
        }
        let left = order.filter { !stated.contains($0) }
        if let first = left.first, stated.count == items.count {
            note(
                .missingKey, at: node, "\"role_order\" leaves out \"\(first.name)\"; all roles of the account have a place in it")
        }
        return stated + left
    }

    private mutating func grants(_ node: Node, _ what: String, _ role: GrantedRole) -> [AccountRule.Grant] {
        guard let items = list(node, what) else { return [] }
        return items.compactMap { item in
            selector(item, what).map { AccountRule.Grant(selector: $0, granted: role, line: item.mark?.line ?? 1) }
        }
    }

    // MARK: Selectors

    mutating func selector(_ node: Node, _ what: String) -> Selector? {
        if case .mapping = node {
            guard let fields = fields(of: node, "an item of \(what)", known: ["where", "ou"]) else { return nil }
            if let unit = fields["ou"] {
                if fields.values.count > 1 { note(.badValue, at: node, "\"ou\" and \"where\" are two items") }
                return unitName(unit).map { .unit(written: $0.written, key: $0.key) }
            }
            return required("where", in: fields).flatMap { filter($0) }.map { .filter(text: $0.text, $0.filter) }
        }
        guard let scalar = scalar(node, "an item of \(what)") else { return nil }
        let text = scalar.string
        if text == "everyone" { return .everyone }
        if let near = NearestName.find(text, among: ["everyone"]) {
            note(.badName, at: node, "\"\(text)\" in \(what) is nearly a word of policies", suggestion: near)
            return nil
        }
        if let pattern = GroupPattern(text) {
            return text.contains("*")
                ? .groups(written: text, key: pattern.key) : .group(written: text, key: pattern.key)
        }
        note(.badName, at: node, "\"\(text)\" in \(what) begins like a distinguished name, and is none")
        return nil
    }

    private mutating func unitName(_ node: Node) -> (written: String, key: String)? {
        guard let text = scalar(node, "\"ou\"")?.string else { return nil }
        guard let key = DistinguishedName.normalised(text), !key.isEmpty else {
            note(.badName, at: node, "\"\(text)\" in \"ou\" is no distinguished name")
            return nil
        }
        return (text, key)
    }

    /// A language code such as `en`, `pt_BR`, `zh_CN`.
    mutating func locale(_ node: Node) -> String? {
        guard let text = scalar(node, "\"locale\"")?.string else { return nil }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        let isLanguage = (2...3).contains(parts[0].utf8.count) && parts[0].utf8.allSatisfy { $0 &- 0x61 < 26 }
        let isRegion =
            parts.count == 1
            || parts.count == 2 && (2...4).contains(parts[1].utf8.count) && parts[1].utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 }
        guard isLanguage, isRegion else {
            note(.badValue, at: node, "\"locale\" must be a language code such as en or pt_BR, not \"\(text)\"")
            return nil
        }
        return text
    }
}
