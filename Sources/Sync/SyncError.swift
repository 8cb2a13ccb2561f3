// SPDX-License-Identifier: Apache-2.0

/// Why a run could not be made or applied; nothing was changed by it.
package struct SyncError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure, stable for programs.
    package enum Code: String, Sendable, CaseIterable {
        /// The policy names a Platform App that does not exist or is disabled.
        case noPlatformApp = "no_platform_app"
        /// An account of the policy is no longer permitted to its app.
        case accountNotPermissible = "account_not_permissible"
        /// The export cannot be read, or was changed while it was read.
        case unreadable = "unreadable"
        /// The manifest beside the export is missing, broken, not signed as the policy asks, or about another export.
        case manifest = "manifest"
        /// The export holds nobody: a fault, not an empty company.
        case empty = "empty"
        /// More of the export is unusable than the policy lets pass.
        case unusable = "unusable"
        /// Nothing is kept of the last read, or not any more.
        case nothingKept = "nothing_kept"
        /// The kept read is not what changes can build on: it is older than what the store has, or newer than the changes.
        case outOfOrder = "out_of_order"
        /// Another run of the same source is at work.
        case busy = "busy"
        /// There is no such run.
        case noRun = "no_run"
        /// The run is not in a state in which it can be applied.
        case notApplicable = "not_applicable"
        /// A guard holds the run; it needs a release.
        case held = "held"
    }

    package let code: Code
    /// A sentence for a person that says what to do next where there is something to do.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
