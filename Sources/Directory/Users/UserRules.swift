// SPDX-License-Identifier: Apache-2.0

import Secrets

/// What a user's fields must be, whoever writes them (contract section 2.1).
package enum UserRules {
    /// The address as it is stored and compared: without blanks around it, in lower case.
    package static func normalisedEmail(_ email: String) -> String {
        if isNormalised(email.utf8) { return email }
        var scalars = Substring(email)
        while let first = scalars.first, first.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.isWhitespace { scalars.removeLast() }
        return scalars.lowercased()
    }

    /// Whether the normalised address looks like `local@label.tld`, the top-level label of two or more letters.
    package static func isEmail(_ email: String) -> Bool {
        if let email = PlainAddress(email) { return email.isEmail }
        return isEmailOfAnyScript(email)
    }

    /// The rule itself, by characters. ``PlainAddress`` says the same of ASCII, by bytes.
    package static func isEmailOfAnyScript(_ email: String) -> Bool {
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty,
            !email.contains(where: { $0.isWhitespace || $0.unicodeScalars.contains { $0.value < 32 } })
        else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") && !$0.hasSuffix("-") }) else {
            return false
        }
        guard let top = labels.last, top.count >= 2, top.allSatisfy(\.isLetter) || top.hasPrefix("xn--") else { return false }
        return !email.unicodeScalars.contains { "<>()[],;:\\\"".unicodeScalars.contains($0) }
    }

    /// Whether the address is ASCII that is stored as it is: most are, and bytes are cheaper than characters.
    private static func isNormalised(_ email: String.UTF8View) -> Bool {
        guard let first = email.first, first > 0x20, let last = email.last, last > 0x20 else { return false }
        return email.allSatisfy { $0 < 0x80 && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }

    static func problems(_ draft: UserDraft) -> [FieldProblem] {
        var problems = draft.problems
        func known(_ attribute: String) -> Bool { problems.contains { $0.attribute == attribute } }
        if !known("email") { problems += emailProblems(draft.email) }
        if !known("name") { problems += nameProblems(draft.name) }
        problems += StorableText.problems("display_name", "Display name", draft.displayName, maximum: 255)
        problems += StorableText.problems("custom_attributes", "Custom attributes", draft.customAttributes)
        if let password = draft.password { problems += passwordProblems(password) }
        return problems
    }

    static func problems(_ update: UserUpdate) -> [FieldProblem] {
        var problems = update.problems
        if let email = update.email { problems += emailProblems(email) }
        if let name = update.name { problems += nameProblems(name) }
        problems += StorableText.problems("display_name", "Display name", update.displayName ?? nil, maximum: 255)
        problems += StorableText.problems("custom_attributes", "Custom attributes", update.customAttributes)
        if let password = update.password { problems += passwordProblems(password) }
        return problems
    }

    static func emailProblems(_ email: String?) -> [FieldProblem] {
        guard let email, !email.isEmpty else { return [FieldProblem("email", "Email can't be blank")] }
        if email.unicodeScalars.count > 255 { return [FieldProblem("email", "Email is too long (maximum is 255 characters)")] }
        return isEmail(email) ? [] : [FieldProblem("email", "Email is not an email")]
    }

    static func nameProblems(_ name: String?) -> [FieldProblem] {
        guard let name, !name.allSatisfy(\.isWhitespace) else { return [FieldProblem("name", "Name can't be blank")] }
        return StorableText.problems("name", "Name", name, maximum: 255)
    }

    static func passwordProblems(_ password: String) -> [FieldProblem] {
        PasswordPolicy().violations(of: password).map { FieldProblem("password", $0) }
    }
}
