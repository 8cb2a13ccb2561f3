// SPDX-License-Identifier: Apache-2.0

/// What a password that a person chooses must be like.
package struct PasswordPolicy: Sendable {
    /// The fewest characters.
    package var minimumLength = 6
    /// The most characters.
    package var maximumLength = 128

    /// The policy of the Platform API: 6 to 128 characters of four classes.
    package init() {}

    /// All that is wrong with the password, as full messages in a fixed order; empty when it is acceptable.
    ///
    /// Characters are Unicode scalars, as the original counts them; the four classes are ASCII. bcrypt sees 72 bytes only, so that
    /// more of them are refused.
    package func violations(of password: String) -> [String] {
        guard !password.isEmpty else { return ["Password can't be blank"] }
        return lengthViolations(of: password) + contentViolations(of: password)
    }

    private func lengthViolations(of password: String) -> [String] {
        let length = password.unicodeScalars.count
        if length < minimumLength { return ["Password is too short (minimum is \(minimumLength) characters)"] }
        if length > maximumLength { return ["Password is too long (maximum is \(maximumLength) characters)"] }
        let limit = Bcrypt.maximumPasswordLength
        return password.utf8.count > limit ? ["Password is too long (maximum is \(limit) bytes)"] : []
    }

    private func contentViolations(of password: String) -> [String] {
        var missing: Set<CharacterClass> = Set(CharacterClass.allCases)
        var invalid = 0
        for byte in password.utf8 {
            if let found = CharacterClass(byte) { missing.remove(found) }
            if byte == 0 { invalid += 1 }
        }
        var messages = CharacterClass.allCases.filter(missing.contains).map { kind in
            "Password must contain at least 1 \(kind.rawValue) character"
        }
        if invalid > 0 { messages.append("Password contains \(invalid) invalid character\(invalid == 1 ? "" : "s")") }
        return messages
    }
}

/// The classes of which a password needs a character each, in the order of the messages.
private enum CharacterClass: String, CaseIterable {
    case uppercase
    case lowercase
    case number
    case special

    /// The class of an ASCII character; nil for blanks, control characters and everything beyond ASCII.
    init?(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .uppercase
        case UInt8(ascii: "a")...UInt8(ascii: "z"): self = .lowercase
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .number
        case 0x21...0x7E: self = .special
        default: return nil
        }
    }
}
