// SPDX-License-Identifier: Apache-2.0

import Directory

/// What a new token of an app may do, and for how long, as it was sent.
struct TokenForm: Sendable {
    /// Whether the token is limited to ``ticked``.
    var isScoped = false
    var ticked: [String] = []
    /// Days, as typed.
    var expiry = ""

    init() {}

    init(_ visit: ConsoleVisit) {
        isScoped = visit.text("reach") == "scopes"
        ticked = visit.texts("scopes")
        expiry = visit.text("expires_in") ?? ""
    }

    /// nil: whatever the app may do. An empty list is the directory's to refuse.
    var scopes: [Scope]? { isScoped ? ticked.compactMap { Scope($0) } : nil }

    var seconds: Int64? {
        guard let days = Int64(expiry) else { return nil }
        let (seconds, overflows) = days.multipliedReportingOverflow(by: 86_400)
        return overflows ? .max : seconds
    }

    var problems: [FieldProblem] {
        var problems: [FieldProblem] = []
        if !expiry.isEmpty, Int64(expiry) == nil {
            problems.append(FieldProblem("expires_in", "Expires in must be a whole number of days"))
        }
        if isScoped, let foreign = ticked.first(where: { Scope($0) == nil }) {
            problems.append(FieldProblem("scopes", "There is no scope \(foreign)"))
        }
        return problems
    }
}

/// The fields of a ``TokenForm``; the template is `token_fields`.
struct TokenFields: Sendable {
    /// What the form has fields for.
    static let names = ["reach", "scopes", "expires_in"]

    let reach: Field
    let groups: [Group]
    let expiry: Field
    /// Whether the scopes are unfolded.
    let isOpen: Bool

    /// The scopes of a noun.
    struct Group: Sendable {
        let noun: String
        let boxes: [Field]
    }

    init(_ form: TokenForm, _ problems: [FieldProblem]) {
        // What is wrong with the scopes is told where they are chosen.
        let ofReach = problems.map { $0.attribute == "scopes" ? FieldProblem("reach", $0.message) : $0 }
        reach = .choice(
            "reach", "The token may", form.isScoped ? "scopes" : "everything",
            [("everything", "do whatever the app may"), ("scopes", "use the scopes ticked below only")], ofReach)
        groups = Scope.verbs.keys.sorted().map { noun in
            let verbs = (Scope.verbs[noun] ?? []).sorted { Self.rank($0) < Self.rank($1) }
            return Group(
                noun: noun,
                boxes: verbs.map { verb in
                    let scope = "\(noun):\(verb)"
                    return .checkbox("scopes[]", scope, form.ticked.contains(scope), value: scope)
                })
        }
        isOpen = form.isScoped
        expiry = .text(
            "expires_in", "Expires in, days", form.expiry, type: "number", hint: "Empty: it does not expire.", problems)
    }

    private static func rank(_ verb: String) -> Int {
        ["read", "write", "impersonate", "delete"].firstIndex(of: verb) ?? 4
    }
}

/// The answer to an act that shows a secret; the template is `issued`.
struct IssuedPage: Sendable {
    let secret: SecretBox
    let text: String
    let links: [PageLink]

    /// - Parameters:
    ///   - owner: whose token it is, for its label.
    ///   - links: where to go from here.
    static func page(_ title: String, token: String, of owner: String, text: String, links: [PageLink]) -> ConsolePage {
        let box = SecretBox(
            "Access token of \(owner)", token,
            hint: "Whoever has it acts as its owner. It is masked after 30 seconds; a super admin can reveal it again.")
        return ConsolePage(title, "issued", IssuedPage(secret: box, text: text, links: links))
    }
}
