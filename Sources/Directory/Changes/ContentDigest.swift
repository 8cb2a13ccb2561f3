// SPDX-License-Identifier: Apache-2.0

import Secrets

/// SHA-256 of what is read in pieces: names an export in the journal.
package struct ContentDigest: ~Copyable, Sendable {
    private var hasher = SHA256Hasher()

    package init() {}

    package mutating func update(_ bytes: [UInt8]) { hasher.update(bytes) }

    /// 32 bytes.
    package mutating func finish() -> [UInt8] { hasher.finalize() }
}
