// SPDX-License-Identifier: Apache-2.0

/// What an app must be, whoever writes it.
enum PlatformAppRules {
    static func problems(_ draft: PlatformAppDraft) -> [FieldProblem] {
        draft.problems + nameProblems(draft.name, besides: draft.problems)
            + tokenProblems(scopes: draft.scopes, expiresIn: draft.expiresIn)
            + rateProblems(draft.callsPerMinute)
    }

    static func problems(_ update: PlatformAppUpdate) -> [FieldProblem] {
        var problems = update.problems
        if let name = update.name { problems += nameProblems(name, besides: problems) }
        if let seconds = update.loginLinkSeconds {
            problems += outside(PlatformAppSettings.loginLinkRange, seconds, "login_link_seconds", "Login link seconds")
        }
        if case .some(let calls) = update.callsPerMinute { problems += rateProblems(calls) }
        return problems
    }

    /// What is wrong with a token that is to be issued.
    static func tokenProblems(scopes: [Scope]?, expiresIn: Int64?) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        if let scopes, scopes.isEmpty { problems.append(FieldProblem("scopes", "Scopes can't be blank")) }
        if let scopes, let foreign = scopes.first(where: { Scope($0.description) == nil }) {
            problems.append(FieldProblem("scopes", "Scopes has one that no app may hold: \(foreign)"))
        }
        if let expiresIn, !(1...TokenRequest.longestExpiry).contains(expiresIn) {
            problems.append(FieldProblem("expires_in", "Expires in is out of range"))
        }
        return problems
    }

    private static func nameProblems(_ name: String, besides known: [FieldProblem]) -> [FieldProblem] {
        known.contains { $0.attribute == "name" } ? [] : UserRules.nameProblems(StorableText.tidied(name))
    }

    private static func rateProblems(_ calls: Int32?) -> [FieldProblem] {
        calls.map { outside(PlatformAppSettings.callsRange, $0, "calls_per_minute", "Calls per minute") } ?? []
    }

    private static func outside(
        _ range: ClosedRange<Int32>, _ value: Int32, _ attribute: String, _ name: String
    ) -> [FieldProblem] {
        range.contains(value)
            ? [] : [FieldProblem(attribute, "\(name) must be between \(range.lowerBound) and \(range.upperBound)")]
    }
}
