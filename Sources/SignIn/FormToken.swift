// SPDX-License-Identifier: Apache-2.0

import Secrets

/// The text that a form of ours repeats of its browser's cookie, so that a form of anybody else is told from it.
package enum FormToken {
    /// How many characters it has: letters and digits.
    package static let length = 32

    /// A new one.
    package static func random() -> String { SecureRandom.base62(length) }

    /// Whether the text has the form of one.
    package static func isWellFormed(_ text: some StringProtocol) -> Bool {
        text.utf8.count == length && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    /// Whether both are the same, in constant time.
    package static func matches(_ sent: String, _ cookie: String) -> Bool {
        constantTimeEquals(Array(sent.utf8), Array(cookie.utf8))
    }
}
