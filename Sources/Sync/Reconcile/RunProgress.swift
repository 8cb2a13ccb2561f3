// SPDX-License-Identifier: Apache-2.0

/// How far a run has come, for a person who watches.
package struct RunProgress: Sendable {
    /// The steps of a run that take time.
    package enum Step: Sendable, Equatable {
        case reading(bytes: Int64, of: Int64, entries: Int)
        case planning(people: Int)
        case applying(done: Int, of: Int)
    }

    private let body: @Sendable (Step) async -> Void

    package init(_ body: @escaping @Sendable (Step) async -> Void) {
        self.body = body
    }

    /// Tells nobody.
    package static let silent = RunProgress { _ in }

    func report(_ step: Step) async { await body(step) }
}
