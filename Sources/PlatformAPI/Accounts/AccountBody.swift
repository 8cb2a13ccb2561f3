// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension Account {
    /// Writes the account's body, fields in the contract's order (section 3.2).
    func write(to body: inout JSONWriter, senderAddress: String) {
        body.object {
            $0.field("id", id)
            $0.field("name", name)
            $0.field("locale", locale)
            $0.field("domain", domain)
            // Blank is unset, as the original has it.
            $0.field("support_email", supportEmail.flatMap { $0.isEmpty ? nil : $0 } ?? senderAddress)
            $0.object("enabled_features") { list in
                for feature in features {
                    list.key(dynamic: feature)
                    list.element(true)
                }
            }
            $0.field("custom_attributes", raw: customAttributes.text)
            $0.field("limits", raw: limits.text)
            $0.field("status", status.rawValue)
        }
    }
}
