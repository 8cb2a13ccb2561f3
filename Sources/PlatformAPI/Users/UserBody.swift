// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension User {
    /// The user's body, fields in the contract's order (section 2.2).
    func response(to request: Request) -> Response {
        Response.entity(version: rowVersion, to: request, capacity: 1_024) { write(to: &$0) }
    }

    /// The answer of POST /users/:id/token (section 2.7).
    var tokenResponse: Response {
        Response.json(capacity: 512) { body in
            body.object {
                $0.field("access_token", secrets?.accessToken)
                $0.field("expiry", secrets?.expiresAt.map { $0.microseconds / 1_000_000 })
                $0.object("user") {
                    $0.field("id", id)
                    $0.field("name", name)
                    $0.field("display_name", displayName)
                    $0.field("email", email)
                    $0.field("pubsub_token", secrets?.pubsubToken)
                }
            }
        }
    }

    /// - Parameter suspensions: nil where they were not asked for.
    func write(to body: inout JSONWriter, suspensions: [Suspension]? = nil) {
        body.object {
            if let secrets { $0.field("access_token", secrets.accessToken) }
            $0.field("account_id", currentAccount?.id)
            $0.field("available_name", displayName.flatMap { $0.isEmpty ? nil : $0 } ?? name)
            $0.field("avatar_url", avatarURL)
            $0.field("confirmed", confirmed)
            $0.field("display_name", displayName)
            $0.field("message_signature", messageSignature)
            $0.field("email", email)
            $0.field("id", id)
            $0.field("name", name)
            $0.field("provider", provider)
            if let secrets { $0.field("pubsub_token", secrets.pubsubToken) }
            // Absent when empty: clients tell "none" by it.
            if !customAttributes.isEmptyObject { $0.field("custom_attributes", raw: customAttributes.text) }
            $0.field("role", currentAccount?.role)
            $0.field("ui_settings", raw: uiSettings.text)
            $0.field("uid", email)
            $0.array("accounts") { list in
                for account in accounts { account.write(to: &list) }
            }
            if let suspensions { $0.suspensions(suspensions) }
        }
    }
}

extension UserAccount {
    fileprivate func write(to list: inout JSONWriter) {
        list.object {
            $0.field("id", id)
            $0.field("name", name)
            $0.field("active_at", microseconds: activeAt?.microseconds)
            $0.field("role", role)
        }
    }
}
