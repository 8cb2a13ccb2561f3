// SPDX-License-Identifier: Apache-2.0

import Directory
import FoundationEssentials
import HTTPTypes
import Hummingbird
import SignIn
import WebSurface

extension SignedIn {
    /// The answer to a sign-in: the session in the headers, the person in the body (contract section 7.3).
    var response: Response {
        var response = Response.json(capacity: 1_024) { body in body.object { $0.field("data", user) } }
        let uid = user.user.email
        let fields: [(HTTPField.Name, String)] = [
            (.accessToken, accessToken), (.tokenType, "Bearer"), (.client, client), (.expiry, String(expiry)), (.uid, uid),
        ]
        for (name, value) in fields { response.headers[name] = value }
        var bearer = JSONWriter(capacity: 256)
        bearer.object { body in
            for (name, value) in fields {
                body.key(dynamic: name.canonicalName)
                body.element(value)
            }
        }
        response.headers[.authorization] = "Bearer " + Data(bearer.buffer.readableBytesView).base64EncodedString()
        return response
    }
}

extension JSONWriter {
    /// A person as they see themselves, fields in the original's order (contract section 7.3).
    mutating func field(_ name: StaticString, _ person: SignedInUser) {
        let user = person.user
        object(name) {
            $0.field("access_token", user.secrets?.accessToken)
            $0.field("account_id", user.currentAccount?.id)
            $0.field("available_name", user.displayName.flatMap { $0.isEmpty ? nil : $0 } ?? user.name)
            $0.field("avatar_url", user.avatarURL)
            $0.field("confirmed", user.confirmed)
            $0.field("display_name", user.displayName)
            $0.field("message_signature", user.messageSignature)
            $0.field("email", user.email)
            $0.field("id", user.id)
            $0.field("inviter_id", person.inviterID)
            $0.field("name", user.name)
            $0.field("provider", user.provider)
            $0.field("pubsub_token", user.secrets?.pubsubToken)
            if !user.customAttributes.isEmptyObject { $0.field("custom_attributes", raw: user.customAttributes.text) }
            $0.field("role", user.currentAccount?.role)
            $0.field("ui_settings", raw: user.uiSettings.text)
            $0.field("uid", user.email)
            // The original's super admins are users; ours are not.
            $0.field("type", nil as String?)
            $0.array("accounts") { list in
                for account in person.accounts { account.write(to: &list) }
            }
        }
    }
}

extension OpenAccount {
    fileprivate func write(to list: inout JSONWriter) {
        list.object {
            $0.field("id", account.id)
            $0.field("name", account.name)
            // Others are not open.
            $0.field("status", "active")
            $0.field("active_at", microseconds: account.activeAt?.microseconds)
            $0.field("role", account.role)
            $0.array("permissions") { for permission in permissions { $0.element(permission) } }
            $0.field("availability", availability)
            $0.field("availability_status", availability)
            $0.field("auto_offline", autoOffline)
            if let customRoleID { $0.field("custom_role_id", customRoleID) }
        }
    }
}
