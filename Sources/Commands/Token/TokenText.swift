// SPDX-License-Identifier: Apache-2.0
import Directory
import WebSurface

extension IssuedToken {
    func show(_ output: OutputOptions, _ sentence: String? = nil) {
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("token_id", id)
                    $0.field("access_token", accessToken)
                }
            }
        } else {
            Console.out("\(sentence ?? "Issued token \(id).")\naccess_token: \(accessToken)")
        }
    }
}

extension StoredToken {
    var ownerText: String {
        let name = (owner.email ?? owner.name).map { ", " + Style.plain($0) } ?? ""
        return "\(owner.kind.name) \(owner.id)\(name)"
    }

    var scopeText: String { scopes?.joined(separator: " ") ?? "everything" }

    var stateText: String {
        if state == .live, owner.state != .active { return "refused: owner \(owner.state.rawValue)" }
        guard let replacedBy, state != .revoked else { return state.rawValue }
        return "\(state.rawValue), replaced by \(replacedBy)"
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.object("owner") {
                $0.field("kind", owner.kind.name)
                $0.field("id", owner.id)
                if let name = owner.name { $0.field("name", name) }
                if let email = owner.email { $0.field("email", email) }
                $0.field("state", owner.state.rawValue)
            }
            $0.field("begins_with", visiblePart)
            $0.field("state", state.rawValue)
            if let scopes { $0.array("scopes") { for scope in scopes { $0.element(scope) } } }
            if let replacedBy { $0.field("replaced_by", replacedBy) }
            $0.field("created_at", microseconds: createdAt.microseconds)
            if let expiresAt { $0.field("expires_at", microseconds: expiresAt.microseconds) }
            if let revokedAt { $0.field("revoked_at", microseconds: revokedAt.microseconds) }
            if let lastUsedAt { $0.field("last_used_at", microseconds: lastUsedAt.microseconds) }
            if let lastUsedAddress { $0.field("last_used_address", lastUsedAddress) }
        }
    }
}
