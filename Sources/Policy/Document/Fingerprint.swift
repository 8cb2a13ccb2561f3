// SPDX-License-Identifier: Apache-2.0

import Intake

/// The canonical text of what a policy makes of entries; see `Policy.fingerprint`.
///
/// One JSON text per line, so that no value can be taken for a separator. A change of its form makes every entry be
/// mapped once more, and nothing worse.
enum Fingerprint {
    static func text(
        platformApp: String, source: String, people: PeopleRule, groups: GroupsRule, accounts: AccountRules,
        precedence: Int, operation: OperationRules
    ) -> String {
        var lines = Lines()
        lines.add("form", "1")
        lines.add("platform_app", platformApp)
        lines.add("source", source)
        if precedence != 0 { lines.add("precedence", String(precedence)) }
        add(operation, to: &lines)
        add(people, to: &lines)
        lines.add("groups.where", groups.filter.text)
        lines.add("groups.members", groups.members.map(\.name.description))
        lines.add("groups.member_of", groups.memberOf.map(\.description))
        lines.add("groups.nested", groups.nested ? "true" : "false")
        if !groups.names.isEmpty { lines.add("groups.names", groups.names.map(\.description)) }
        for account in accounts.fixed.sorted(by: { ByteOrder.isLess($0.key, $1.key) }) { add(account, to: &lines) }
        for rule in accounts.each.sorted(by: { ByteOrder.isLess($0.key, $1.key) }) { add(rule, to: &lines) }
        return lines.text
    }

    /// Of how runs work only what decides whether a person is as the policy wants.
    private static func add(_ operation: OperationRules, to lines: inout Lines) {
        if operation.enforcement != .full { lines.add("enforcement", operation.enforcement.rawValue) }
        let protected = operation.protected
        guard !protected.isEmpty else { return }
        lines.add("protect.email", protected.emails)
        lines.add("protect.id", protected.externalKeys.map { $0.map { String($0) }.joined(separator: " ") })
        lines.add("protect.group", protected.groups)
    }

    private static func add(_ rule: AuthenticationRule, to lines: inout Lines) {
        if let mapping = rule.provider { lines.add("people.provider", mapping) }
        if let mapping = rule.subject { lines.add("people.subject", mapping) }
        switch rule.passwords {
        case .ldap(let names): lines.add("people.password", names.map(\.description))
        case .keycloak(let type, let secret, let data):
            lines.add("people.password.keycloak", [type, secret, data].map(\.description))
        case nil: break
        }
    }

    private static func add(_ people: PeopleRule, to lines: inout Lines) {
        lines.add("people.where", people.filter.text)
        lines.add("people.id", people.id.map(\.description))
        lines.add("people.login", people.login.map(\.description))
        lines.add("people.match", people.match.map(\.rawValue))
        lines.add("people.email", people.email)
        lines.add("people.name", people.name)
        if let mapping = people.displayName { lines.add("people.display_name", mapping) }
        for (key, mapping) in people.customAttributes {
            lines.add("people.custom_attributes", [key])
            lines.add("people.custom_attribute", mapping)
        }
        if let rule = people.enabled.when { lines.add("people.enabled.when", rule.text) }
        if let rule = people.enabled.unless { lines.add("people.enabled.unless", rule.text) }
        if let rule = people.authentication { add(rule, to: &lines) }
        lines.add("people.absent", people.absent.rawValue)
        if let after = people.deleteAfter { lines.add("people.delete_after", String(after.components.seconds)) }
    }

    /// The order of grants means nothing: the highest precedence wins.
    private static func add(_ account: AccountRule, to lines: inout Lines) {
        lines.add("account", account.key)
        lines.add("account.name", account.name)
        if let locale = account.locale { lines.add("account.locale", locale) }
        lines.add("account.absent", account.absent.rawValue)
        for role in PolicyRole.allCases {
            var keys = account.grants.filter { $0.granted == GrantedRole(role) }.map(\.selector.groupKey)
            ByteOrder.sortUnique(&keys)
            lines.add("account.\(role.rawValue)", keys)
        }
        for role in account.roleOrder where role.customRole != nil {
            var keys = account.grants.filter { $0.granted == role }.map(\.selector.groupKey)
            ByteOrder.sortUnique(&keys)
            lines.add("account.custom", [role.name] + keys)
        }
        add(account.roleOrder, account.absentMembers, to: &lines)
    }

    private static func add(_ order: [GrantedRole], _ absent: MembershipAbsence, to lines: inout Lines) {
        // Without custom roles and in the usual order there is nothing to say.
        if order != [GrantedRole(.administrator), GrantedRole(.agent)] { lines.add("account.role_order", order.map(\.name)) }
        if absent != .remove { lines.add("account.absent_members", absent.rawValue) }
    }

    private static func add(_ rule: EachAccountRule, to lines: inout Lines) {
        lines.add("each", rule.key)
        switch rule.subject {
        case .group(let pattern): lines.add("each.group", pattern.key)
        case .unit(let pattern): lines.add("each.ou", pattern.key)
        case .attribute(let mapping): lines.add("each.attribute", mapping)
        }
        if !rule.name.isEmpty { lines.add("each.name", FieldMapping(sources: rule.name)) }
        if let locale = rule.locale { lines.add("each.locale", locale) }
        lines.add("each.absent", rule.absent.rawValue)
        var grants = rule.grants.map { grant in
            switch grant.target {
            case .selector(let selector): [grant.granted.name, "is", selector.groupKey]
            case .group(let template): [grant.granted.name, "group", template.text]
            }
        }
        grants.sort { $0.lexicographicallyPrecedes($1) }
        for grant in grants { lines.add("each.role", grant) }
        for (new, old) in rule.formerNames.sorted(by: { ByteOrder.isLess($0.key, $1.key) }) {
            lines.add("each.renamed", [new] + old)
        }
        add(rule.roleOrder, rule.absentMembers, to: &lines)
    }

    /// Lines of `name:json`.
    private struct Lines {
        private var bytes: [UInt8] = []

        var text: String { String(decoding: bytes, as: UTF8.self) }

        mutating func add(_ name: String, _ value: String) { add(name) { $0.appendJSON(value) } }

        mutating func add(_ name: String, _ values: [String]) { add(name) { $0.appendJSON(values) } }

        mutating func add(_ name: String, _ mapping: FieldMapping) {
            for source in mapping.sources {
                switch source.origin {
                case .attribute(let attribute): add(name + ".attribute", attribute.description)
                case .template(let template): add(name + ".template", template.text)
                case .constant(let value): add(name + ".value") { $0.appendJSON(value) }
                }
                for step in source.steps { add(name + ".step", step.words) }
            }
            let missing = mapping.whenMissing
            if missing == FieldMapping.WhenMissing(missing.absent) {
                add(name + ".missing", missing.absent.rawValue)
            } else {
                add(name + ".missing", [missing.absent.rawValue, missing.null.rawValue, missing.empty.rawValue])
            }
            if let type = mapping.type { add(name + ".type", type.words) }
            if mapping.onlyOnCreation { add(name + ".only", "creation") }
            if let precedence = mapping.precedence { add(name + ".precedence", String(precedence)) }
        }

        private mutating func add(_ name: String, _ body: (inout [UInt8]) -> Void) {
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: ":"))
            body(&bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}

extension Transform {
    /// The step in words that no other step has.
    fileprivate var words: [String] {
        switch self {
        case .whitespace(let whitespace): ["whitespace", whitespace.rawValue]
        case .split(let separator, let part): ["split", separator, part.map { String($0) } ?? ""]
        case .stripPrefix(let prefixes): ["strip_prefix"] + prefixes
        case .stripSuffix(let suffixes): ["strip_suffix"] + suffixes
        case .letterCase(let letterCase): ["case", letterCase.rawValue]
        case .table(let table): ["map"] + table.lines.flatMap { [$0.key, $0.value] }
        case .first: ["first"]
        }
    }
}

extension ValueType {
    /// The type in words that no other type has.
    fileprivate var words: [String] {
        if case .date(let order?) = self { return ["date", order.rawValue] }
        return [name]
    }
}
