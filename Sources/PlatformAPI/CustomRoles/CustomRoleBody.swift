// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension CustomRoleDraft {
    /// What POST, PATCH and PUT of custom roles send; other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init()
        name = parameters.text("name")
        description = parameters.clearableText("description")
        if let given = parameters.array("permissions").value {
            let names = given.compactMap { value in if case .string(let name) = value { name } else { nil as String? } }
            if names.count < given.count { parameters.complain("permissions", "is invalid") }
            permissions = names
        }
        problems = parameters.problems
    }
}

extension CustomRole {
    /// Writes the role's body, keys as the original's enterprise edition has them, and its dates.
    func write(to body: inout JSONWriter) {
        body.object {
            $0.field("id", id)
            $0.field("account_id", accountID)
            $0.field("name", name)
            $0.field("description", description)
            $0.array("permissions") { list in for permission in permissions { list.element(permission) } }
            $0.field("created_at", microseconds: createdAt.microseconds)
            $0.field("updated_at", microseconds: updatedAt.microseconds)
        }
    }
}
