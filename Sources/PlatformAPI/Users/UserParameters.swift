// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension UserDraft {
    /// What POST /users sends (contract section 2.1); other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init()
        email = parameters.text("email")
        name = parameters.text("name")
        displayName = parameters.string("display_name").value
        password = parameters.text("password")
        customAttributes = parameters.looseObject("custom_attributes")
        problems = parameters.problems
    }
}

extension UserUpdate {
    /// What PATCH and PUT /users/:id send (contract section 2.4).
    init(_ parameters: inout ParameterReader) {
        self.init()
        email = parameters.text("email")
        name = parameters.text("name")
        displayName = parameters.clearableText("display_name")
        password = parameters.text("password")
        customAttributes = parameters.looseObject("custom_attributes")
        problems = parameters.problems
    }
}

extension TokenRequest {
    /// What POST /users/:id/token sends; the original takes nothing (contract section 2.7).
    init(_ parameters: inout ParameterReader) {
        self.init()
        rotate = parameters.bool("rotate").value ?? false
        expiresIn = parameters.integer("expires_in").value
        problems = parameters.problems
    }
}
