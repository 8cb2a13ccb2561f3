// SPDX-License-Identifier: Apache-2.0

/// The SQL that names actors, for statements of operators.
enum ActorStatements {
    /// The columns `actor`, `actor_id` and `actor_name`.
    ///
    /// - Parameters:
    ///   - kind: an SQL expression of the type `actor_kind`; of ours, never data.
    ///   - id: likewise, a bigint.
    static func columns(kind: String, id: String) -> String {
        """
        \(kind)::text as actor, \(id) as actor_id, \
        case \(kind) when 'platform_app' then (select n.name from platform_apps n where n.id = \(id)) \
        when 'super_admin' then (select n.email from super_admins n where n.id = \(id)) \
        when 'source' then (select n.name from sources n where n.id = \(id)) \
        when 'user' then (select n.email_key from users n where n.id = \(id)) end as actor_name
        """
    }
}
