// SPDX-License-Identifier: Apache-2.0

import Directory
import NIOCore
import WebSurface

/// One field before and after, and the rule that says so.
struct ChangeDifference: Sendable {
    let field: String
    let before: String?
    let after: String?
    let rule: String?
    /// Nothing to something, something to nothing: said in words, not by a missing box.
    let isNew: Bool
    let isGone: Bool

    init(field: String, before: String?, after: String?, rule: String?) {
        self.field = field
        self.before = before
        self.after = after
        self.rule = rule
        isNew = before == nil
        isGone = after == nil
    }

    /// What a change does, field by field: what stays as it is is left out.
    static func all(of change: RunChangeRecord) -> [ChangeDifference] {
        let fields = triples(change.fields).map { triple in
            // Of a password there is a digest at most, which is nobody's business.
            let isPassword = triple.key == "password"
            return ChangeDifference(
                field: names[triple.key] ?? triple.key, before: isPassword ? nil : triple.before,
                after: isPassword ? "imported from the directory" : triple.after, rule: triple.rule)
        }
        let accounts = object(change.accountNames)
        let memberships = triples(change.memberships).map { triple in
            var account = "account \(triple.key)"
            if case .string(let name)? = accounts[triple.key] { account = name }
            return ChangeDifference(field: "role in \(account)", before: triple.before, after: triple.after, rule: triple.rule)
        }
        return (fields + memberships).filter { $0.before != $0.after }
    }

    /// What we remember of an entry, beside the fields of its user.
    private static let names = ["entry": "id of its entry", "absent": "when it is absent"]

    private static func object(_ json: JSONText) -> JSONObject {
        guard case .object(let object)? = try? JSONParser.parse(Array(json.text.utf8)).value else { return JSONObject() }
        return object
    }

    /// `{name: [before, after, rule]}` as texts.
    private static func triples(_ json: JSONText) -> [(key: String, before: String?, after: String?, rule: String?)] {
        object(json).compactMap { key, value in
            guard case .array(let items) = value, items.count >= 2 else { return nil }
            return (key, JSONWords.text(items[0]), JSONWords.text(items[1]), items.count > 2 ? JSONWords.text(items[2]) : nil)
        }
    }
}

/// JSON for people.
enum JSONWords {
    /// A text as it is, another value as JSON; nil for null.
    static func text(_ value: JSONValue) -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text
        default:
            var writer = JSONWriter()
            writer.element(value)
            return String(buffer: writer.buffer)
        }
    }

    /// The fields of an object, a line each.
    static func lines(_ json: String?) -> [(name: String, value: String)] {
        guard let json, case .object(let object)? = try? JSONParser.parse(Array(json.utf8)).value else { return [] }
        return object.map { ($0.0, text($0.1) ?? "none") }
    }
}
