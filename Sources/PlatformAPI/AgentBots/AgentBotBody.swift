// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension AgentBotDraft {
    /// What POST, PATCH and PUT of agent bots send (contract section 5); other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init()
        name = parameters.clearableText("name")
        description = parameters.clearableText("description")
        outgoingURL = parameters.clearableText("outgoing_url")
        avatarURL = parameters.clearableText("avatar_url")
        switch parameters.integer("account_id") {
        case .absent: break
        case .null: accountID = .some(nil)
        case .value(let id): accountID = id
        }
        problems = parameters.problems
    }
}

extension AgentBot {
    /// Writes the bot's body, fields in the contract's order.
    func write(to body: inout JSONWriter) {
        body.object {
            $0.field("id", id)
            $0.field("name", name)
            $0.field("description", description)
            $0.field("outgoing_url", outgoingURL)
            $0.field("account_id", accountID)
        }
    }
}
