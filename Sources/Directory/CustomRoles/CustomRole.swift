// SPDX-License-Identifier: Apache-2.0

/// A role that an account defines for itself: a name for permissions.
package struct CustomRole: Sendable, Identifiable {
    package let id: Int64
    package let accountID: Int64
    package let name: String
    package let description: String?
    /// Of ``CustomRoleRules/permissions``, in their order.
    package let permissions: [String]
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

/// What a call wants a custom role to be; nil leaves a field as it is, or at its default in a new one.
package struct CustomRoleDraft: Sendable {
    package var name: String?
    /// `.some(nil)` clears it.
    package var description: String??
    /// Replaced whole.
    package var permissions: [String]?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}

    /// Whether the call changes nothing.
    package var isEmpty: Bool { name == nil && description == nil && permissions == nil }
}

/// What a custom role's fields must be.
package enum CustomRoleRules {
    /// What a custom role can allow: the list of the original's enterprise edition.
    package static let permissions = [
        "conversation_manage", "conversation_unassigned_manage", "conversation_participating_manage", "contact_manage",
        "report_manage", "knowledge_base_manage",
    ]

    static func problems(_ draft: CustomRoleDraft, creating: Bool) -> [FieldProblem] {
        var problems = draft.problems
        let known = Set(problems.map(\.attribute))
        if !known.contains("name"), creating || draft.name != nil { problems += UserRules.nameProblems(draft.name) }
        if let description = draft.description ?? nil {
            problems += StorableText.problems("description", "Description", description)
            if description.unicodeScalars.count > 1_000 {
                problems.append(FieldProblem("description", "Description is too long (maximum is 1000 characters)"))
            }
        }
        for permission in draft.permissions ?? [] where !permissions.contains(permission) {
            problems.append(FieldProblem("permissions", "Permissions contain an unknown name: \(permission.prefix(64))"))
        }
        return problems
    }

    /// Each once, in the order of the list.
    static func tidied(_ given: [String]) -> [String] { permissions.filter(given.contains) }
}
