// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// `accounts:`.
extension DocumentReader {
    mutating func accountRules(_ node: Node) -> [AccountRule] {
        guard case .sequence(let items) = node else {
            note(.wrongType, at: node, "\"accounts\" must be a list, each item with \"key\" and \"name\", not \(Self.kind(node))")
            return []
        }
        var rules: [AccountRule] = []
        var lines: [String: Int] = [:]
        for item in items {
            let keys = ["key", "name", "locale", "members", "roles", "absent"]
            guard let fields = fields(of: item, "the account", known: keys) else { continue }
            let key = required("key", in: fields).flatMap { name($0, "the key of the account") }
            if let key {
                if let line = lines[key], let node = fields["key"] {
                    note(.duplicate, at: node, "the account key \"\(key)\" is given already in line \(line)")
                }
                lines[key] = lines[key] ?? fields["key"]?.mark?.line ?? 1
            }
            if let rule = accountRule(fields, key: key) { rules.append(rule) }
        }
        return rules
    }

    private mutating func accountRule(_ fields: Fields, key: String?) -> AccountRule? {
        let name = required("name", in: fields).flatMap { text($0, "the name of the account") }
        let locale = fields["locale"].flatMap { self.locale($0) }
        let absent = fields["absent"].flatMap { choice($0, "\"absent\"", AbsencePolicy.self) } ?? .suspend
        var grants = fields["members"].map { self.grants($0, "\"members\"", role: .agent) } ?? []
        if let roles = fields["roles"] { grants += roleGrants(roles) }
        if fields["members"] == nil, fields["roles"] == nil {
            note(.missingKey, at: fields.node, "the account needs \"members\", \"roles\" or both")
        }
        guard let key, let name else { return nil }
        return AccountRule(
            key: key, name: name, locale: locale, grants: grants, absent: absent, line: fields.node.mark?.line ?? 1)
    }

    private mutating func roleGrants(_ node: Node) -> [AccountRule.Grant] {
        guard let fields = fields(of: node, "\"roles\"", known: PolicyRole.allCases.map(\.rawValue)) else { return [] }
        return PolicyRole.allCases.flatMap { role in
            fields[role.rawValue].map { grants($0, "\"\(role.rawValue)\"", role: role) } ?? []
        }
    }

    private mutating func grants(_ node: Node, _ what: String, role: PolicyRole) -> [AccountRule.Grant] {
        guard let items = list(node, what) else { return [] }
        return items.compactMap { item in
            selector(item, what).map { AccountRule.Grant(selector: $0, role: role, line: item.mark?.line ?? 1) }
        }
    }

    private mutating func selector(_ node: Node, _ what: String) -> Selector? {
        if case .mapping = node {
            guard let fields = fields(of: node, "an item of \(what)", known: ["where"]) else { return nil }
            return required("where", in: fields).flatMap { filter($0) }.map { .filter(text: $0.text, $0.filter) }
        }
        guard let text = scalar(node, "an item of \(what)")?.string else { return nil }
        if text == "everyone" { return .everyone }
        if let key = DistinguishedName.normalised(text), !key.isEmpty {
            return .group(written: text, key: key)
        }
        let near = NearestName.find(text, among: ["everyone"])
        note(
            .badName, at: node,
            "\"\(text)\" in \(what) is neither the distinguished name of a group, \"everyone\", nor {where: \"(filter)\"}",
            suggestion: near)
        return nil
    }

    /// A language code such as `en`, `pt_BR`, `zh_CN`.
    private mutating func locale(_ node: Node) -> String? {
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
