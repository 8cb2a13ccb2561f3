// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Who did something, with the name that people know it by.
package struct NamedActor: Sendable, Equatable {
    /// A value of the SQL type `actor_kind`: `platform_app`, `source`, `super_admin`, `user` or `command`.
    package let kind: String
    /// nil for a command.
    package let id: Int64?
    /// The name of an app or a source, the address of a person; nil when it is gone, and for a command.
    package let name: String?

    init(kind: String, id: Int64?, name: String?) {
        self.kind = kind
        self.id = id == 0 ? nil : id
        self.name = name
    }
}

extension NamedActor {
    /// Reads the columns; nil where the row has no actor.
    static func decode(_ row: PostgresRow) throws -> NamedActor? {
        guard let kind = try row.decode(String?.self, "actor") else { return nil }
        return NamedActor(
            kind: kind, id: try row.decode(Int64?.self, "actor_id"), name: try row.decode(String?.self, "actor_name"))
    }
}
