// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of users. Each statement resolves the caller and joins its permissibles itself.
enum UserStatements {
    /// One user, with the verdict; `u.id` is null when there is none or the caller may not read it.
    ///
    /// - Parameter scopes: what the call needs that shows it.
    static func show(_ id: Int64, caller: Caller, needs scopes: [Scope] = [.usersRead]) -> PostgresQuery {
        """
        with \(caller: caller, needs: scopes), \(permit: .user, id)
        select caller.app_id is not null as authenticated, permit.rights, caller.reveals, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join users u on u.id = \(id) and u.deleted_at is null and permit.rights & 1 <> 0
        \(unescaped: UserRow.joins)
        """
    }

    /// The live user with this address, if the caller may read it. For anybody else the address looks free.
    static func findPermitted(email: String, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite]),
        permit as (
            select p.rights, p.object_id from users x
            join caller on true
            join platform_app_permissibles p
              on p.kind = 'user' and p.object_id = x.id and p.platform_app_id = caller.app_id and p.rights & 1 <> 0
            where x.email_key = \(email)
        )
        select caller.app_id is not null as authenticated, permit.rights, caller.reveals, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join users u on u.id = permit.object_id and u.deleted_at is null
        \(unescaped: UserRow.joins)
        """
    }

    /// Inserts the user with its permissible, token and audit event, or gives back the one that the app already has.
    static func create(_ draft: UserDraft, email: String, passwordHash: String?, keyID: Int32, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite]),
        existing as (
            select x.id, p.rights from caller
            join users x on x.email_key = \(email)
            left join platform_app_permissibles p
              on p.kind = 'user' and p.object_id = x.id and p.platform_app_id = caller.app_id and p.rights & 1 <> 0
        ),
        created as (
            insert into users (name, display_name, email, password_hash, custom_attributes)
            select \(draft.name), \(draft.displayName), \(email), \(passwordHash), coalesce(\(draft.customAttributes), '{}'::jsonb)
            from caller where not exists (select from existing)
            returning users.*
        ),
        permitted as (
            insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
            select 'user', caller.app_id, created.id, 'created', 15 from created, caller where caller.app_id <> 0
            returning object_id, rights
        ),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id)
            select 'user', created.id, \(keyID) from created
            returning id, owner_kind, owner_id, nonce, key_id, expires_at, revoked_at
        ),
        \(
            audit: "user.create", of: .user, "created", caller: caller,
            after: "jsonb_build_object('name', created.name, 'email', created.email, 'display_name', created.display_name, "
                + "'custom_attributes', created.custom_attributes)"),
        found as (
            select created.*, 15::smallint as rights from created
            union all
            select users.*, existing.rights from users join existing on existing.id = users.id and existing.rights is not null
        )
        select caller.app_id is not null as authenticated, u.rights,
               caller.reveals or (caller.impersonates and exists (select from created)) as reveals, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join found u on true
        \(unescaped: UserRow.joins(tokens: UserTokenStatements.tokensAndMinted))
        """
    }

    /// Changes the fields given; needs every right in `needed`. What is so already is no write: no version, no audit event.
    static func update(
        _ id: Int64, _ update: UserUpdate, email: String?, passwordHash: String?, needed: Rights, caller: Caller
    ) -> PostgresQuery {
        let setsDisplayName = update.displayName != nil
        let displayName: String? = update.displayName ?? nil
        return """
            with \(caller: caller, needs: scopes(needed)), \(permit: .user, id),
            target as (
                select x.* from users x join permit on permit.rights & \(needed.rawValue) = \(needed.rawValue)
                where x.id = \(id) and x.deleted_at is null\(matching: update.matching)
                for update of x
            ),
            wanted as (
                select t.id,
                    coalesce(\(update.name), t.name) as name,
                    case when \(setsDisplayName) then \(displayName) else t.display_name end as display_name,
                    coalesce(\(email), t.email) as email,
                    coalesce(\(passwordHash), t.password_hash) as password_hash,
                    case when \(update.replacesCustomAttributes) then '{}'::jsonb else t.custom_attributes end
                        || coalesce(\(update.customAttributes), '{}'::jsonb) as custom_attributes
                from target t
            ),
            updated as (
                update users x set
                    name = w.name, display_name = w.display_name, email = w.email, password_hash = w.password_hash,
                    custom_attributes = w.custom_attributes, row_version = x.row_version + 1, updated_at = now(),
                    field_owners = \(unescaped: takenOver(to: "w", app: "caller.app_id", by: "caller.actor", "caller.actor_id"))
                from wanted w join target t on t.id = w.id cross join caller
                where x.id = w.id and (w.name, w.display_name, w.email, w.password_hash, w.custom_attributes)
                    is distinct from (t.name, t.display_name, t.email, t.password_hash, t.custom_attributes)
                returning x.*
            ),
            signed_out as (
                delete from sessions s using wanted w join target t on t.id = w.id
                where s.user_id = w.id and w.password_hash is distinct from t.password_hash
            ),
            \(
                audit: "user.update", of: .user, "updated", caller: caller,
                before: "(select \(audited("target")) from target)", after: audited("updated")),
            body as (
                select * from updated
                union all
                select * from target where not exists (select from updated)
            )
            select caller.app_id is not null as authenticated, permit.rights, caller.reveals,
                   \(presence: id, in: "users", update.matching)\(unescaped: UserRow.columns)
            from (select 1) one
            left join caller on true
            left join permit on true
            left join body u on true
            \(unescaped: UserRow.joins)
            """
    }

    /// Who owns which field of `x` after it was changed from `t` to what the relation holds.
    static func takenOver(to relation: String, app: String, by kind: String, _ id: String) -> String {
        let fields: (String) -> String = { "synced_fields(\($0).name, \($0).email, \($0).display_name, \($0).custom_attributes)" }
        return "taken_over(x.id, x.field_owners, \(app), \(fields("t")), \(fields(relation)), "
            + "jsonb_build_object('by', \(kind), 'id', \(id), 'at', now()))"
    }

    /// Gives fields back to the directory that somebody took over; nil is all of them.
    static func handBack(_ id: Int64, fields: [String]?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite]), \(permit: .user, id),
        target as (
            select x.*, x.field_owners - coalesce(\(fields), array(select jsonb_object_keys(x.field_owners))) as left_over
            from users x join permit on permit.rights & 2 <> 0
            where x.id = \(id) and x.deleted_at is null
            for update of x
        ),
        updated as (
            update users x set field_owners = nullif(t.left_over, '{}'), row_version = x.row_version + 1, updated_at = now()
            from target t where x.id = t.id and t.left_over is distinct from t.field_owners
            returning x.*
        ),
        \(
            audit: "user.fields.hand_back", of: .user, "updated", caller: caller,
            before: "(select jsonb_build_object('field_owners', target.field_owners) from target)",
            after: "jsonb_build_object('field_owners', updated.field_owners)"),
        body as (
            select * from updated
            union all
            select u.* from users u join target on target.id = u.id where not exists (select from updated)
        )
        select caller.app_id is not null as authenticated, permit.rights, caller.reveals, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join body u on true
        \(unescaped: UserRow.joins)
        """
    }

    /// Makes the user a tombstone: gone for every reader, its address free, its tokens dead.
    static func delete(_ id: Int64, matching: VersionMatch = .any, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersDelete]), \(permit: .user, id),
        deleted as (
            update users x set deleted_at = now(), updated_at = now(), row_version = x.row_version + 1
            from permit where permit.rights & 8 <> 0 and x.id = \(id) and x.deleted_at is null\(matching: matching)
            returning x.id, x.email, x.name
        ),
        \(
            audit: "user.delete", of: .user, "deleted", caller: caller,
            before: "jsonb_build_object('name', deleted.name, 'email', deleted.email)")
        select caller.app_id is not null as authenticated, permit.rights, \(presence: id, in: "users", matching)deleted.id
        from (select 1) one
        left join caller on true
        left join permit on true
        left join deleted on true
        """
    }

    /// The scopes of a change that needs these rights.
    static func scopes(_ needed: Rights) -> [Scope] {
        needed.contains(.impersonate) ? [.usersWrite, .usersImpersonate] : [.usersWrite]
    }

    /// What the audit trail keeps of a user's row; never a secret.
    static func audited(_ relation: String) -> String {
        "jsonb_build_object('name', \(relation).name, 'email', \(relation).email, 'display_name', \(relation).display_name, "
            + "'custom_attributes', \(relation).custom_attributes, 'password_set', \(relation).password_hash is not null)"
    }
}
