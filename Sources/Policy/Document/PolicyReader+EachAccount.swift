// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// Items of `accounts:` with `each:`.
extension DocumentReader {
    static let eachKeys = ["group", "ou", "attribute"]

    mutating func eachAccountRule(_ fields: Fields, key: String?) -> EachAccountRule? {
        let subject = fields["each"].flatMap { self.subject($0) }
        let name = fields["name"].flatMap { sources($0, "the name of the account") } ?? []
        let locale = fields["locale"].flatMap { self.locale($0) }
        let absent = fields["absent"].flatMap { choice($0, "\"absent\"", AbsencePolicy.self) } ?? .suspend
        var grants: [EachAccountRule.Grant] = []
        if let roles = fields["roles"] {
            for (role, node, what) in roleItems(roles) { grants += eachGrants(node, what, role) }
        }
        let order = roleOrder(fields, of: grants.map(\.granted))
        let former = fields["renames"].map { renames($0, subject) } ?? [:]
        guard let key, let subject else { return nil }
        return EachAccountRule(
            key: key, subject: subject, name: name, locale: locale, grants: grants, roleOrder: order, absent: absent,
            absentMembers: absentMembers(fields), formerNames: former, line: fields.node.mark?.line ?? 1)
    }

    private mutating func subject(_ node: Node) -> EachAccountRule.Subject? {
        guard let fields = fields(of: node, "\"each\"", known: Self.eachKeys) else { return nil }
        guard fields.values.count == 1, let (name, value) = fields.values.first else {
            if fields.mistyped.isEmpty { note(.missingKey, at: node, "\"each\" needs one of \(Self.listing(Self.eachKeys))") }
            return nil
        }
        guard name != "attribute" else { return fieldMapping(value, "\"attribute\"").map { .attribute($0) } }
        guard let text = scalar(value, "\"\(name)\"")?.string else { return nil }
        guard let pattern = GroupPattern(text), name == "group" || GroupName.looksDistinguished(ArraySlice(text.utf8)) else {
            note(
                .badName, at: value,
                "\"\(text)\" in \"\(name)\" is no distinguished name, such as cn=*,ou=teams,dc=example,dc=org")
            return nil
        }
        return name == "group" ? .group(pattern) : .unit(pattern)
    }

    private mutating func eachGrants(_ node: Node, _ what: String, _ role: GrantedRole) -> [EachAccountRule.Grant] {
        guard let items = list(node, what) else { return [] }
        return items.compactMap { item in
            eachTarget(item, what).map { EachAccountRule.Grant(target: $0, granted: role, line: item.mark?.line ?? 1) }
        }
    }

    private mutating func eachTarget(_ node: Node, _ what: String) -> EachAccountRule.Grant.Target? {
        guard case .scalar(let scalar) = node, scalar.string.contains("{") else {
            guard let selector = selector(node, what) else { return nil }
            if case .groups = selector {
                note(
                    .badValue, at: node,
                    "a pattern in \(what) would mean the same groups for each account; write {value} for its name")
                return nil
            }
            return .selector(selector)
        }
        do throws(Template.Fault) {
            let template = try Template(scalar.string)
            if let other = template.attributes.first(where: { $0 != Template.value }) {
                note(.badMapping, at: node, "\"{\(other)}\" in \(what): the name of a group is made of {value} only")
                return nil
            }
            let example = template.expanded(with: Entry(), value: ArraySlice("x".utf8)).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard GroupPattern(example ?? "") != nil else {
                note(.badName, at: node, "\"\(scalar.string)\" in \(what) begins like a distinguished name, and is none")
                return nil
            }
            return .group(template)
        } catch {
            note(.badMapping, at: document.position(of: error.offset, in: scalar), "in \(what): \(error.message)")
            return nil
        }
    }

    /// Former names by the new ones: `{"cn=old,…": "cn=new,…"}`.
    private mutating func renames(_ node: Node, _ subject: EachAccountRule.Subject?) -> [String: [String]] {
        guard case .mapping(let mapping) = node else {
            note(.wrongType, at: node, "\"renames\" must be a mapping of old names to new ones, not \(Self.kind(node))")
            return [:]
        }
        var former: [String: [String]] = [:]
        for (old, new) in mapping {
            guard let oldText = text(old, "an old name in \"renames\"", maximum: 4096), !refusesMerge(oldText, at: old),
                let newText = text(new, "a new name in \"renames\"", maximum: 4096)
            else { continue }
            guard let oldName = Self.mentioned(oldText, subject), let newName = Self.mentioned(newText, subject) else {
                note(.badName, at: old, "a name in \"renames\" begins like a distinguished name, and is none")
                continue
            }
            former[newName, default: []].append(oldName)
        }
        return former.mapValues { $0.sorted(by: ByteOrder.isLess) }
    }

    private static func mentioned(_ text: String, _ subject: EachAccountRule.Subject?) -> String? {
        if case .attribute = subject { return Policy.valueName(text) }
        return GroupPattern(text)?.key
    }
}
