// SPDX-License-Identifier: Apache-2.0

/// A call that its sender has given a key (`Idempotency-Key`), so that it may be sent again without being done again.
package struct KeyedCall: Sendable {
    /// The key as it was sent.
    let key: String
    /// Everything that makes the call what it is: the same key with other content is refused.
    let content: [UInt8]
    /// How long a call of several transactions stays its sender's who does not speak any more.
    var lease = Duration.seconds(60)
    /// How often its sender speaks.
    var renewal = Duration.seconds(20)

    /// - Parameters:
    ///   - key: 1 to 255 visible characters of ASCII, or ``DirectoryError/invalid(_:)``.
    ///   - content: path, query and body.
    package init(key: String, content: [UInt8]) throws(DirectoryError) {
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .invalid([FieldProblem("Idempotency-Key", "Idempotency-Key must be 1 to 255 visible ASCII characters")])
        }
        self.key = key
        self.content = content
    }

    static let reused = DirectoryError.invalid([
        FieldProblem("Idempotency-Key", "Idempotency-Key has already been used for another request")
    ])
}
