// SPDX-License-Identifier: Apache-2.0

extension Keyring {
    /// A code by which content is known again and that tells nothing about it, with the number of the key it was made with.
    package func contentCode(_ content: [UInt8]) -> (code: [UInt8], keyID: Int32) {
        // The current key is always there: `init` checked.
        (self[currentID]?.content.authenticate(content) ?? [], currentID)
    }

    /// Whether the code is that of this content.
    package func isContentCode(_ code: [UInt8], keyID: Int32, of content: [UInt8]) -> Bool {
        self[keyID]?.content.isValid(code, for: content) ?? false
    }
}
