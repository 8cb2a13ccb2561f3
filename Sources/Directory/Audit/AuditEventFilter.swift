// SPDX-License-Identifier: Apache-2.0

/// Which part of the audit trail an operator looks at; what is nil narrows nothing.
package struct AuditEventFilter: Sendable, Equatable {
    /// Who acted: all of a kind, or one of it.
    package struct Actor: Sendable, Equatable {
        /// The kinds of actors: the values of `audit_events.actor`.
        package enum Kind: String, Sendable, CaseIterable {
            case platformApp = "platform_app"
            case superAdmin = "super_admin"
            case source
            case command
        }

        package let kind: Kind
        /// nil: any of the kind, and always for a command, which is nobody in particular.
        package let id: Int64?

        package init(_ kind: Kind, id: Int64? = nil) {
            self.kind = kind
            self.id = kind == .command ? nil : id
        }
    }

    /// What was acted on, such as `user` 7 or `access_token` 9.
    package struct Object: Sendable, Equatable {
        package let kind: String
        package let id: Int64

        package init(_ kind: String, id: Int64) {
            self.kind = kind
            self.id = id
        }
    }

    /// What was done.
    package enum Action: Sendable, Equatable {
        /// As it stands: `user.update`.
        case exactly(String)
        /// Whatever begins so: `user.`.
        case beginning(with: String)

        /// Reads a person's spelling: `user.*`, `user.` and `user` mean every action of users, `user.update` that alone.
        package init(_ text: String) {
            let stem = text.hasSuffix("*") ? String(text.dropLast()) : text
            if stem != text || stem.hasSuffix(".") {
                self = .beginning(with: stem)
            } else {
                self = stem.contains(".") ? .exactly(stem) : .beginning(with: stem)
            }
        }
    }

    package var actor: Actor?
    package var object: Object?
    package var action: Action?
    /// Not before this moment.
    package var from: Timestamp?
    /// Before this moment.
    package var until: Timestamp?

    package init() {}
}

/// An entry of the trail with the names of who acted and of what it was done to, as they are now.
package struct NamedAuditEvent: Sendable {
    package let event: AuditEvent
    /// The Platform App's or source's name, the super admin's address; nil for a command and for who is gone.
    package let actorName: String?
    /// The user's address, the account's name ...; nil for what has none or is gone.
    package let subjectName: String?
    /// The Platform App whose business it was; nil for what belongs to no app.
    package let platformAppID: Int64?
}
