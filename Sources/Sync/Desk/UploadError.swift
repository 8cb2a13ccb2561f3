// SPDX-License-Identifier: Apache-2.0

/// Why an upload did not become a run; nothing is kept of it.
package struct UploadError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure, stable for programs.
    package enum Code: String, Sendable, CaseIterable {
        /// It is larger than the daemon takes.
        case tooLarge = "too_large"
        /// It ended before its announced length, or its sender went away.
        case brokenOff = "broken_off"
        /// It cannot be kept on the daemon's disk.
        case storage = "storage"
    }

    package let code: Code
    /// A sentence for a person.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
