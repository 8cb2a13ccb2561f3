// SPDX-License-Identifier: Apache-2.0

/// A code that stands in once for an authenticator that was lost: 80 random bits, `ABCD-EFGH-IJKL-MNOP`.
package struct RecoveryCode: Sendable {
    /// How many are given out together.
    package static let count = 10
    /// How many characters it has, dashes apart.
    static let length = 16

    private let text: String

    /// A new one.
    package static func random() -> RecoveryCode {
        RecoveryCode(text: Base32.encode(SecureRandom.bytes(10)))
    }

    /// As many new ones as are given out together.
    package static func set() -> [RecoveryCode] {
        (0..<count).map { _ in random() }
    }

    private init(text: String) {
        self.text = text
    }

    /// A code as somebody types it: in any case, with blanks and dashes anywhere; digits that no code has are read as the letters
    /// that they look like. nil for what is no code.
    package init?(typed: String) {
        var text = ""
        for character in typed.uppercased() where !character.isWhitespace && character != "-" {
            switch character {
            case "0": text.append("O")
            case "1": text.append("I")
            case "8": text.append("B")
            default: text.append(character)
            }
        }
        guard text.utf8.count == Self.length, Base32.isWellFormed(text) else { return nil }
        self.text = text
    }

    /// The code for a person, in groups of four.
    package func reveal() -> String {
        stride(from: 0, to: Self.length, by: 4).map { text.dropFirst($0).prefix(4) }.joined(separator: "-")
    }

    /// What the database keeps of it. No salt and no stretching: 80 random bits are beyond guessing.
    package var digest: [UInt8] { Digest.sha256(text) }
}

extension RecoveryCode: CustomStringConvertible, CustomReflectable {
    /// Never the code.
    package var description: String { "RecoveryCode(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
