// SPDX-License-Identifier: Apache-2.0
import Postgres
import Sync
import WebSurface

/// One change of a plan in words: `+ create user zoe@example.org (Zoë Ash) in Boatyard as agent`. Pure.
struct ChangeText: Sendable {
    struct Field: Sendable, Equatable {
        let name: String
        let before: String?
        let after: String?
    }

    struct MembershipDelta: Sendable, Equatable {
        let account: Int64
        let before: String?
        let after: String?
    }

    let change: RunChange
    let fields: [Field]
    let memberships: [MembershipDelta]

    init(_ change: RunChange) {
        self.change = change
        fields = Self.triples(change.fields).map { Field(name: $0, before: $1, after: $2) }
        memberships = Self.triples(change.memberships).compactMap { key, before, after in
            Int64(key).map { MembershipDelta(account: $0, before: before, after: after) }
        }
    }

    /// `name a → b` of each field that differs, from `{field: [before, after, rule]}`.
    static func differences(_ fields: String) -> [String] {
        triples(PostgresJSON(fields)).filter { $1 != $2 }.map { "\($0) \(value($1)) → \(value($2))" }
    }

    /// The line, with accounts by their names.
    func line(_ accounts: [Int64: String], _ style: Style) -> String {
        let name = Style.plain(change.label ?? "\(change.objectID)")
        let head = "\(symbol) \(verb) \(change.kind) \(name)"
        let rest = change.action == "create" ? creation(accounts) : difference(accounts)
        let refusal = change.refusal.map { style.red(" (refused: \($0))") } ?? change.decision.map { style.dim(" (\($0))") } ?? ""
        return colour(style, head) + Style.plain(rest) + refusal
    }

    private func creation(_ accounts: [Int64: String]) -> String {
        guard change.kind == "user" else { return "" }
        let person = fields.first { $0.name == "name" }?.after.map { " (\($0))" } ?? ""
        let roles = memberships.compactMap { delta in delta.after.map { "\(account(delta, accounts)) as \($0)" } }
        return person + (roles.isEmpty ? "" : " in " + roles.joined(separator: ", in "))
    }

    private func difference(_ accounts: [Int64: String]) -> String {
        var parts = fields.filter { $0.before != $0.after }.map {
            "\($0.name) \(Self.value($0.before)) → \(Self.value($0.after))"
        }
        for delta in memberships where delta.before != delta.after {
            switch (delta.before, delta.after) {
            case (nil, let role?): parts.append("joins \(account(delta, accounts)) as \(role)")
            case (_?, nil): parts.append("leaves \(account(delta, accounts))")
            case (let before?, let after?): parts.append("in \(account(delta, accounts)) \(before) → \(after)")
            case (nil, nil): break
            }
        }
        if parts.isEmpty || ["suspend", "restore"].contains(change.action) { parts.insert(change.reason, at: 0) }
        return ": " + parts.joined(separator: "; ")
    }

    private func account(_ delta: MembershipDelta, _ names: [Int64: String]) -> String {
        names[delta.account] ?? "account \(delta.account)"
    }

    var symbol: String {
        switch change.action {
        case "create", "restore": "+"
        case "suspend": "-"
        case "link": "="
        default: "~"
        }
    }

    var verb: String { change.action == "adopt" ? "match" : change.action }

    func colour(_ style: Style, _ text: String) -> String {
        switch symbol {
        case "+": style.green(text)
        case "-": style.red(text)
        case "~": style.yellow(text)
        default: style.dim(text)
        }
    }

    static func value(_ text: String?) -> String { text.map { $0.isEmpty ? "\"\"" : $0 } ?? "(none)" }

    /// `{name: [before, after, rule]}` as texts.
    private static func triples(_ json: PostgresJSON) -> [(String, String?, String?)] { rules(json).map { ($0.0, $0.1, $0.2) } }

    /// The same with the rule.
    static func rules(_ json: PostgresJSON) -> [(String, String?, String?, String?)] {
        guard case .object(let object) = try? JSONParser.parse(Array(json.text.utf8)).value else { return [] }
        return object.compactMap { key, value in
            guard case .array(let items) = value, items.count >= 2 else { return nil }
            return (key, text(items[0]), text(items[1]), items.count > 2 ? text(items[2]) : nil)
        }
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        default: Console.jsonText { $0.element(value) }
        }
    }
}
