// SPDX-License-Identifier: Apache-2.0

/// One suspension that stands: a user or a membership is suspended while anybody's does.
package struct Suspension: Sendable, Equatable {
    /// Who may lift it: `platform_app`, `source`, `super_admin` or `command`.
    package let byKind: String
    package let byID: Int64
    /// Empty when none was given.
    package let reason: String
    package let since: Timestamp
}

/// What a call gives as the reason of a suspension.
package struct SuspensionReason: Sendable {
    /// nil: none given; one that stands keeps its reason.
    package var text: String?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init(_ text: String? = nil) {
        self.text = text
    }

    var allProblems: [FieldProblem] {
        problems + StorableText.problems("reason", "Reason", text, maximum: 1_000)
    }
}
