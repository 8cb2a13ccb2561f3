// SPDX-License-Identifier: Apache-2.0

/// What an account's fields must be, whoever writes them (contract section 3.1).
package enum AccountRules {
    static func problems(_ draft: AccountDraft, creating: Bool) -> [FieldProblem] {
        var problems = draft.problems
        let known = Set(problems.map(\.attribute))
        if !known.contains("name"), creating || draft.name != nil { problems += UserRules.nameProblems(draft.name) }
        if let locale = draft.locale, !AccountVocabulary.locales.contains(locale) {
            problems.append(FieldProblem("locale", "Locale is not included in the list"))
        }
        if case .some(.some(let domain)) = draft.domain, domain.unicodeScalars.count > 100 {
            problems.append(FieldProblem("domain", "Domain is too long (maximum is 100 characters)"))
        }
        problems += StorableText.problems("domain", "Domain", draft.domain ?? nil)
        if case .some(.some(let address)) = draft.supportEmail { problems += supportEmailProblems(address) }
        for name in (draft.features ?? [:]).keys.sorted() where AccountVocabulary.features[name] == nil {
            problems.append(FieldProblem("features", "Features contain an unknown name: \(name.prefix(64))"))
        }
        problems += StorableText.problems("limits", "Limits", draft.limits)
        problems += StorableText.problems("custom_attributes", "Custom attributes", draft.customAttributes)
        return problems
    }

    private static func supportEmailProblems(_ address: String) -> [FieldProblem] {
        if address.unicodeScalars.count > 100 {
            return [FieldProblem("support_email", "Support email is too long (maximum is 100 characters)")]
        }
        let plain = UserRules.normalisedEmail(address)
        return plain.isEmpty || UserRules.isEmail(plain) ? [] : [FieldProblem("support_email", "Support email is not an email")]
    }
}
