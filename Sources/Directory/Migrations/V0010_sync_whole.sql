-- SPDX-License-Identifier: Apache-2.0
-- Runs that are finished by whoever is there; fields that people take over from a directory.

alter table runs
    -- Whether the plan is applied without being asked again, by another process when its own has died.
    add column applies boolean not null default false,
    -- Whether memberships of the plan name custom roles, which then are looked for: `agent/NAME`.
    add column custom_roles boolean not null default false,
    -- The run from whose plan a guard took these changes, to be held while the others proceed.
    add column part_of bigint references runs on delete set null;

alter table runs
    -- The precedence of the policy's fields, by name, and under no name that of all others; links have it from here.
    add column precedence jsonb not null default '{}';
alter table links add column precedence jsonb not null default '{}';

-- The person's id with the identity provider.
alter table users add column subject text constraint users_subject_length check (char_length(subject) <= 255);

-- Hashes of passwords that a plan sets, apart from the plan, which is shown; gone with its end.
create table change_secrets (
    run_id bigint not null references runs on delete cascade,
    seq integer not null,
    password_hash text not null,
    primary key (run_id, seq)
);
create function forget_change_secrets() returns trigger language plpgsql as $$
begin
    delete from change_secrets where run_id = new.id;
    return null;
end
$$;
create trigger forget_change_secrets after update of state on runs for each row
    when (new.state in ('done', 'unchanged', 'refused', 'stale', 'failed', 'rejected')) execute function forget_change_secrets();

alter table changes drop constraint changes_action_known;
alter table changes add constraint changes_action_known
    check (action in ('create', 'update', 'adopt', 'link', 'suspend', 'restore', 'delete'));

-- What a policy can set of a user, by the names that changes and links have for it.
create function synced_fields(name text, email text, display_name text, custom_attributes jsonb) returns jsonb
language sql immutable parallel safe as $$
    select jsonb_build_object('name', name, 'email', email, 'display_name', display_name) || coalesce((
        select jsonb_object_agg('custom_attributes.' || k.key, k.value) from jsonb_each(custom_attributes) k), '{}')
$$;

-- The fields of a user that are others' than the directory's after an edit: whoever changes what the policy of another app
-- has set becomes its owner, and runs leave it alone from then on. `app` is 0 for a person.
create function taken_over(user_id bigint, owners jsonb, app bigint, before jsonb, after jsonb, owner jsonb) returns jsonb
language sql stable parallel safe as $$
    select case when t.fields is null then owners else coalesce(owners, '{}') || t.fields end
    from (
        select jsonb_object_agg(f.field, owner) as fields
        from (select jsonb_object_keys(before) union select jsonb_object_keys(after)) f(field)
        where before -> f.field is distinct from after -> f.field
          and exists (
            select from links l join sources s on s.id = l.source_id and s.platform_app_id <> app
            where l.kind = 'user' and l.object_id = user_id and l.desired ? f.field)
    ) t
$$;
