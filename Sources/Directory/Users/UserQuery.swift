// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Which users a call looks for; every condition given must hold.
package struct UserQuery: Sendable {
    /// A person's status: suspended while anybody's suspension stands.
    package enum Status: String, Sendable, CaseIterable {
        case active
        case suspended
    }

    /// As the caller wrote it.
    package var email: String?
    /// The immutable id that a source of the caller's app knows the person by, as run reports show it.
    package var externalID: String?
    /// Members of an account, which the caller must be permitted to; listed in the order in which they joined.
    package var accountID: Int64?
    package var status: Status?
    /// Beginnings of words in name and address, parted by blanks or signs.
    package var text: String?
    package var page: PageRequest
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init(page: PageRequest) {
        self.page = page
    }

    var allProblems: [FieldProblem] {
        var problems = problems
        if let text {
            problems += StorableText.problems("q", "Q", text)
            if text.unicodeScalars.count > 255 { problems.append(FieldProblem("q", "Q is too long (maximum is 255 characters)")) }
        }
        problems += StorableText.problems("email", "Email", email)
        return problems
    }

    /// Every form in which a source may have stored the external id; its tags are those of `ExternalKey` in `Intake`.
    static func externalKeys(_ text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var keys: [[UInt8]] = [[3] + bytes, [2] + Array(text.uppercased().utf8), [5] + bytes]
        let bare = text.hasPrefix("{") && text.hasSuffix("}") ? String(text.dropFirst().dropLast()) : text
        if let guid = UUID(uuidString: bare)?.uuid {
            keys.append(withUnsafeBytes(of: guid) { [1] + $0 })
        }
        if let binary = hexadecimal(bytes) { keys.append([4] + binary) }
        return keys.filter { (2...513).contains($0.count) }
    }

    private static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: text.count, by: 2) {
            guard let byte = UInt8(String(decoding: text[at...(at + 1)], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
