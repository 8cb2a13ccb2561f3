// SPDX-License-Identifier: Apache-2.0

import Intake

/// The canonical text of what a policy makes of entries; see `Policy.fingerprint`.
///
/// One JSON text per line, so that no value can be taken for a separator. A change of its form makes every entry be
/// mapped once more, and nothing worse.
enum Fingerprint {
    static func text(
        platformApp: String, source: String, people: PeopleRule, groups: GroupsRule, accounts: [AccountRule]
    ) -> String {
        var lines = Lines()
        lines.add("form", "1")
        lines.add("platform_app", platformApp)
        lines.add("source", source)
        add(people, to: &lines)
        lines.add("groups.where", groups.filter.text)
        lines.add("groups.members", groups.members.map(\.name.description))
        lines.add("groups.member_of", groups.memberOf.map(\.description))
        lines.add("groups.nested", groups.nested ? "true" : "false")
        for account in accounts.sorted(by: { ByteOrder.isLess($0.key, $1.key) }) { add(account, to: &lines) }
        return lines.text
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
        lines.add("people.absent", people.absent.rawValue)
    }

    /// The order of grants means nothing: the highest precedence wins.
    private static func add(_ account: AccountRule, to lines: inout Lines) {
        lines.add("account", account.key)
        lines.add("account.name", account.name)
        if let locale = account.locale { lines.add("account.locale", locale) }
        lines.add("account.absent", account.absent.rawValue)
        for role in PolicyRole.allCases {
            var keys = account.grants.filter { $0.role == role }.map(\.selector.groupKey)
            ByteOrder.sortUnique(&keys)
            lines.add("account.\(role.rawValue)", keys)
        }
    }

    /// Lines of `name:json`.
    private struct Lines {
        private var bytes: [UInt8] = []

        var text: String { String(decoding: bytes, as: UTF8.self) }

        mutating func add(_ name: String, _ value: String) { add(name) { $0.appendJSON(value) } }

        mutating func add(_ name: String, _ values: [String]) { add(name) { $0.appendJSON(values) } }

        mutating func add(_ name: String, _ mapping: FieldMapping) {
            for source in mapping.sources {
                switch source {
                case .attribute(let attribute): add(name + ".attribute", attribute.description)
                case .template(let template): add(name + ".template", template.text)
                case .constant(let value): add(name + ".value") { $0.appendJSON(value) }
                }
            }
            add(name + ".missing", mapping.missing.rawValue)
        }

        private mutating func add(_ name: String, _ body: (inout [UInt8]) -> Void) {
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: ":"))
            body(&bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}
