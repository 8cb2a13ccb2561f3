-- Super admins sign in, hold sessions and tokens, and act on what belongs to no app. Nothing here opens anything by itself:
-- sessions and recovery codes are digests, and the secret of a TOTP is recomputed from its nonce and a data key.

alter table super_admins
    add column totp_nonce uuid,
    add column totp_key_id integer references data_keys,
    -- NULL while the code that proves the authenticator was not given yet.
    add column totp_confirmed_at timestamptz,
    -- The 30-second step of the last code accepted: neither it nor an earlier one is taken again (RFC 6238, section 5.2).
    add column totp_last_step bigint,
    add constraint super_admins_totp_is_whole check (num_nulls(totp_nonce, totp_key_id) in (0, 2));

create table super_admin_recovery_codes (
    super_admin_id bigint not null references super_admins on delete cascade,
    -- SHA-256 of the code, which has 80 random bits.
    digest bytea not null,
    used_at timestamptz,
    primary key (super_admin_id, digest)
);

create table super_admin_sessions (
    id bigint generated always as identity primary key,
    super_admin_id bigint not null references super_admins on delete cascade,
    -- SHA-256 of the session's token, which has 256 random bits.
    digest bytea not null constraint super_admin_sessions_digest_key unique,
    -- Another password ends the session; see `sessions`.
    password_mark bytea not null,
    -- NULL between the password and the code of the authenticator.
    signed_in_at timestamptz,
    -- When the person last proved to be there; what reveals or destroys asks for it again.
    confirmed_at timestamptz,
    created_at timestamptz not null default now(),
    -- As precise as a minute.
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    user_agent text,
    address text
);
create index super_admin_sessions_owner on super_admin_sessions (super_admin_id, id);
create index super_admin_sessions_expiry on super_admin_sessions (expires_at);

-- Links minted by super admins and by command belong to no app.
alter table login_links
    alter column platform_app_id drop not null,
    add column super_admin_id bigint references super_admins on delete cascade,
    add constraint login_links_minter check (num_nonnulls(platform_app_id, super_admin_id) <= 1);
create index login_links_super_admin on login_links (super_admin_id) where super_admin_id is not null;

alter table platform_apps
    -- Calls a minute with the app's tokens; NULL: what the configuration says.
    add column calls_per_minute integer
        constraint platform_apps_calls_per_minute_known check (calls_per_minute between 1 and 1000000),
    -- A tombstone for good: runs, sessions and the audit trail go on naming the app, and its name is free.
    add column deleted_at timestamptz,
    add constraint platform_apps_deleted_are_disabled check (deleted_at is null or disabled_at is not null),
    drop constraint platform_apps_name_key;
create unique index platform_apps_name_key on platform_apps (name) where deleted_at is null;

-- What operators set in the console, by name; what is not here is as the program has it.
create table settings (
    name text primary key,
    value jsonb not null,
    updated_at timestamptz not null default now()
);

-- Lists of the console ------------------------------------------------------------------------------

-- Tokens of apps, bots and super admins are few among those of users.
create index access_tokens_few on access_tokens (owner_kind, id) where owner_kind <> 'user';
-- What few tokens are: found without walking along all the others. None costs anything where tokens are minted in bulk.
create index access_tokens_revoked on access_tokens (id) where revoked_at is not null;
create index access_tokens_expiry on access_tokens (expires_at) where expires_at is not null and revoked_at is null;
create index access_tokens_scoped on access_tokens (id) where scopes is not null;
create index audit_events_action on audit_events (action, id);
-- What an actor did, and what it did of one kind; a command has no id.
create index audit_events_actor on audit_events (actor, (coalesce(actor_id, 0)), action, id);

-- About where in the trail a moment lies: ids follow time but for the length of a transaction, so that a search by halves
-- finds in some twenty looks what an index would have to be kept for.
create function audit_event_near(moment timestamptz) returns bigint
language plpgsql stable strict as $$
declare
    low bigint := 0;
    high bigint := (select coalesce(max(id), 0) + 1 from audit_events);
    middle bigint;
    event record;
begin
    while low < high loop
        middle := (low + high) / 2;
        select e.id, e.at into event from audit_events e where e.id >= middle order by e.id limit 1;
        if event.id is null or event.at >= moment then
            high := middle;
        else
            low := event.id + 1;
        end if;
    end loop;
    return low;
end
$$;

-- Runs in the console -------------------------------------------------------------------------------

alter table runs
    -- A person let the plan through that waited; a daemon applies it, and until then it stays in its state.
    add column released_at timestamptz,
    -- Who released or rejected it.
    add column decided_by actor_kind,
    add column decided_by_id bigint;
create index runs_released on runs (id) where released_at is not null and state in ('planned', 'held', 'applying');
create index runs_waiting on runs (id) where state in ('planned', 'held');
-- A list narrowed by policy, state or both is put together from the heads of a few of these.
create index runs_journal on runs (policy, state, id);
-- Likewise for a plan; refreshed links are most of some plans and are seldom looked at.
create index changes_actions on changes (run_id, action, seq) where action <> 'link';
-- Deliveries that somebody should look at are few among those that went well.
create index deliveries_in_trouble on deliveries (webhook_id, id)
    where state = 'failed' or (state = 'pending' and attempts > 0);

-- Find ----------------------------------------------------------------------------------------------

-- The same words as before, of nothing none. Not `strict`: the planner puts such a function's text in the place of its call,
-- and the words of a person cost a third less.
create or replace function search_words(text) returns tsvector
language sql immutable parallel safe
return array_to_tsvector(array_remove(regexp_split_to_array(lower(left($1, 511)), '[][[:space:]!-/:-@\\^_`{|}~]+'), ''));

-- Accounts are found by the words of name and domain, as users are by theirs.
create index accounts_words on accounts using gin (search_words(name || ' ' || coalesce(domain, ''))) where deleted_at is null;

create function search_accounts(query text, most integer) returns bigint[]
language plpgsql stable set enable_seqscan = off set enable_indexscan = off as $$
begin
    return coalesce((select array_agg(found.id) from (
        select a.id from accounts a
        where a.deleted_at is null and search_words(a.name || ' ' || coalesce(a.domain, '')) @@ search_query(query)
        limit most) found), '{}');
end
$$;
