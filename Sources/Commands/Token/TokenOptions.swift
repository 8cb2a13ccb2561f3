// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Directory

/// What a new token may do, and for how long.
struct TokenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Such as users:read or accounts:*; may be repeated. None: whatever the app may do.", valueName: "scope"))
    var scope: [String] = []

    @Option(name: .long, help: ArgumentHelp("30m, 1h, 7d. None: it does not expire.", valueName: "time"))
    var expiresIn: String?

    /// nil: whatever the app may do.
    var scopes: [Scope]? {
        get throws(Failure) { try Self.scopes(scope) }
    }

    var seconds: Int64? {
        get throws(Failure) { try expiresIn.map { text throws(Failure) in try Span.seconds(text) } }
    }

    /// The scopes that the texts name; nil for none given.
    static func scopes(_ texts: [String], operators: Bool = false) throws(Failure) -> [Scope]? {
        var scopes: [Scope] = []
        for text in texts { scopes.append(try scope(text, operators: operators)) }
        return scopes.isEmpty ? nil : scopes
    }

    /// - Parameter operators: whether scopes of super admins' tokens are meant as well.
    static func scope(_ text: String, operators: Bool = false) throws(Failure) -> Scope {
        if let scope = operators ? Scope(operator: text) : Scope(text) { return scope }
        let verbs = Set(Scope.verbs.values.joined()).sorted().joined(separator: ", ")
        let nouns = Scope.verbs.keys.sorted().joined(separator: ", ")
        throw Failure(
            code: "bad_scope", "\"\(text)\" is no scope: NOUN:VERB (verbs are \(verbs)), NOUN:* or *, of \(nouns)", status: .usage
        )
    }
}
