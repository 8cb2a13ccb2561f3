-- The ground everything stands on. Rules that hold for every table here:
--   * ids are bigint identities and never reused; a plan may draw them ahead of the insert;
--   * row_version is bumped by every write to a user or account, and a membership write bumps its user;
--   * deleted_at is a tombstone: the object is gone for every reader, its permissible lives until the purge;
--   * no table holds a secret that works without the installation's master key.

create type object_kind as enum ('account', 'user', 'agent_bot');
create type token_owner as enum ('platform_app', 'user', 'agent_bot', 'super_admin');
create type actor_kind as enum ('platform_app', 'source', 'super_admin', 'command');

-- Keys ---------------------------------------------------------------------------------------------

-- One row: which master key this database belongs to. A daemon with another key refuses to start.
create table installation (
    only_one boolean primary key default true check (only_one),
    master_fingerprint text not null,
    created_at timestamptz not null default now()
);

create table data_keys (
    id integer generated always as identity primary key,
    wrapped bytea not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz
);

-- Owners -------------------------------------------------------------------------------------------

create table platform_apps (
    id bigint generated always as identity primary key,
    name text not null constraint platform_apps_name_length check (char_length(name) between 1 and 255),
    -- false: a user's secrets are shown in the answer that creates the user, and by POST token, only.
    reveals_user_tokens boolean not null default true,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint platform_apps_name_key unique (name)
);

create table super_admins (
    id bigint generated always as identity primary key,
    email text not null constraint super_admins_email_key unique,
    name text not null,
    password_hash text not null,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table access_tokens (
    id bigint generated always as identity primary key,
    owner_kind token_owner not null,
    owner_id bigint not null,
    -- The token itself is recomputed from (id, nonce, key) and the data key; nothing here authenticates.
    nonce uuid not null default gen_random_uuid(),
    key_id integer not null references data_keys,
    scopes text[],
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
create index access_tokens_owner on access_tokens (owner_id, owner_kind);

-- Objects ------------------------------------------------------------------------------------------

create table accounts (
    id bigint generated always as identity primary key,
    name text not null constraint accounts_name_length check (char_length(name) between 1 and 255),
    locale text not null default 'en',
    domain text constraint accounts_domain_length check (char_length(domain) <= 100),
    support_email text constraint accounts_support_email_length check (char_length(support_email) <= 100),
    features jsonb not null default '{}',
    limits jsonb not null default '{}',
    custom_attributes jsonb not null default '{}',
    row_version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index accounts_tombstones on accounts (deleted_at) where deleted_at is not null;

create table users (
    id bigint generated always as identity primary key,
    name text not null constraint users_name_length check (char_length(name) between 1 and 255),
    display_name text constraint users_display_name_length check (char_length(display_name) <= 255),
    -- Trimmed and lower-cased by the writer.
    email text not null constraint users_email_length check (char_length(email) between 3 and 255),
    -- Deferrable, so that a swap of two addresses is one statement; NULL frees the address of a tombstone.
    email_key text generated always as (case when deleted_at is null then email end) stored,
    provider text not null default 'email',
    password_hash text,
    avatar_url text not null default '',
    message_signature text,
    confirmed_at timestamptz default now(),
    ui_settings jsonb not null default '{}',
    custom_attributes jsonb not null default '{}',
    -- Exceptions only: {field: owner} for fields that a person took over from the policy that set them.
    field_owners jsonb,
    pubsub_nonce uuid not null default gen_random_uuid(),
    row_version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint users_email_taken unique (email_key) deferrable initially immediate
);
create index users_tombstones on users (deleted_at) where deleted_at is not null;

create table custom_roles (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    name text not null,
    description text,
    permissions text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint custom_roles_name_key unique (account_id, name),
    constraint custom_roles_account_key unique (account_id, id)
);

create table account_users (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    user_id bigint not null references users on delete cascade,
    role text not null default 'agent' constraint account_users_role_known check (role in ('agent', 'administrator')),
    custom_role_id bigint,
    inviter_id bigint references users on delete set null,
    availability text not null default 'online'
        constraint account_users_availability_known check (availability in ('online', 'offline', 'busy')),
    auto_offline boolean not null default true,
    agent_capacity_policy_id bigint,
    active_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint account_users_key unique (user_id, account_id),
    constraint account_users_custom_role foreign key (account_id, custom_role_id)
        references custom_roles (account_id, id) on delete set null (custom_role_id)
);
create index account_users_account on account_users (account_id, id);
create index account_users_inviter on account_users (inviter_id) where inviter_id is not null;
create index account_users_custom_role on account_users (account_id, custom_role_id) where custom_role_id is not null;

create table agent_bots (
    id bigint generated always as identity primary key,
    account_id bigint references accounts on delete cascade,
    name text,
    description text,
    outgoing_url text constraint agent_bots_outgoing_url_length check (char_length(outgoing_url) <= 2048),
    avatar_url text not null default '',
    row_version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index agent_bots_account on agent_bots (account_id) where account_id is not null;

-- Ownership ----------------------------------------------------------------------------------------

-- rights: 1 read, 2 write, 4 impersonate (token, login link, password, e-mail), 8 delete.
-- One partition a kind, so that each has a real foreign key; the primary key answers "may this app",
-- the index of each partition answers "who owns this".
create table platform_app_permissibles (
    kind object_kind not null,
    platform_app_id bigint not null references platform_apps on delete cascade,
    object_id bigint not null,
    origin text not null constraint permissibles_origin_known check (origin in ('created', 'granted')),
    -- Every answer shows something of the object, so whoever may do anything may read.
    rights smallint not null constraint permissibles_rights_known check (rights between 1 and 15 and rights & 1 = 1),
    created_at timestamptz not null default now(),
    primary key (kind, platform_app_id, object_id)
) partition by list (kind);

create table account_permissibles partition of platform_app_permissibles for values in ('account');
create table user_permissibles partition of platform_app_permissibles for values in ('user');
create table agent_bot_permissibles partition of platform_app_permissibles for values in ('agent_bot');
alter table account_permissibles add constraint account_permissibles_object
    foreign key (object_id) references accounts on delete cascade;
alter table user_permissibles add constraint user_permissibles_object
    foreign key (object_id) references users on delete cascade;
alter table agent_bot_permissibles add constraint agent_bot_permissibles_object
    foreign key (object_id) references agent_bots on delete cascade;
create index account_permissibles_reverse on account_permissibles (object_id);
create index user_permissibles_reverse on user_permissibles (object_id);
create index agent_bot_permissibles_reverse on agent_bot_permissibles (object_id);

-- An object is suspended while a row stands here. Everyone lifts only what is their own.
create table suspensions (
    subject_kind object_kind not null,
    subject_id bigint not null,
    by_kind actor_kind not null,
    by_id bigint not null,
    reason text not null default '',
    since timestamptz not null default now(),
    primary key (subject_kind, subject_id, by_kind, by_id)
);

-- Sync ---------------------------------------------------------------------------------------------

create table sources (
    id bigint generated always as identity primary key,
    platform_app_id bigint not null references platform_apps on delete cascade,
    name text not null,
    created_at timestamptz not null default now(),
    constraint sources_name_key unique (platform_app_id, name)
);

-- The memory that an entry is an object. An entry is unchanged only when entry_hash, policy_version and the
-- object's row_version all match; the keys of `desired` are the fields that the policy owns.
create table links (
    source_id bigint not null references sources on delete cascade,
    kind object_kind not null,
    external_key bytea not null,
    object_id bigint not null,
    -- The policy that saw the entry last: several may feed a source, each answers for the absence of its own.
    policy text not null,
    desired jsonb not null default '{}',
    entry_hash bytea,
    policy_version bytea,
    seen_row_version bigint,
    last_seen_run bigint,
    primary key (source_id, kind, external_key)
);
-- The object first: an index that began like the primary key would be taken for it while there are no statistics yet,
-- and every look-up of a key would read all links of the source.
create unique index links_object on links (object_id, kind, source_id);

create table runs (
    id bigint generated always as identity primary key,
    platform_app_id bigint not null references platform_apps on delete cascade,
    source_id bigint not null references sources on delete cascade,
    policy text not null,
    policy_version bytea,
    state text not null default 'reading' constraint runs_state_known
        check (state in ('reading', 'planned', 'held', 'applying', 'done', 'unchanged', 'refused', 'stale', 'failed', 'rejected')),
    -- Why a run was refused, held or failed: a stable code and a sentence.
    code text,
    reason text,
    file_name text,
    file_size bigint,
    file_hash bytea,
    proof text,
    -- How often each thing occurred: entries, people, groups, changes per action, applied, refused ...
    counts jsonb not null default '{}',
    -- Size of the plan, and the last change that must be in its first chunk.
    change_count integer,
    first_chunk_end integer,
    actor text not null default 'daemon',
    created_at timestamptz not null default now(),
    planned_at timestamptz,
    finished_at timestamptz
);
create index runs_source on runs (source_id, id desc);
create index runs_platform_app on runs (platform_app_id, id desc);
create index runs_unfinished on runs (id) where state in ('reading', 'planned', 'applying');

-- Plan and journal in one: what a run does to each object. object_id is drawn from the identity's sequence
-- when the plan is made, so a change of a new object can be named before it exists.
-- fields: {field: [before, after, rule]}; memberships: {account_id: [role before, role after, rule]}.
create table changes (
    run_id bigint not null,
    seq integer not null,
    planned_at timestamptz not null,
    kind object_kind not null,
    action text not null constraint changes_action_known
        check (action in ('create', 'update', 'adopt', 'link', 'suspend', 'restore')),
    object_id bigint not null,
    expected_version bigint,
    external_key bytea,
    fields jsonb not null default '{}',
    memberships jsonb not null default '{}',
    -- true: the change also suspends, false: it also lifts the source's own suspension.
    suspends boolean,
    reason text not null,
    entry_hash bytea,
    primary key (run_id, seq, planned_at)
) partition by range (planned_at);
create index changes_object on changes (kind, object_id);

-- What has been applied, by ranges of changes.seq: the one place that says how far a run came.
create table applied_ranges (
    run_id bigint not null references runs on delete cascade,
    first_seq integer not null,
    last_seq integer not null,
    applied_at timestamptz not null default now(),
    primary key (run_id, first_seq),
    constraint applied_ranges_order check (first_seq <= last_seq)
);

-- Changes that were not made: stale, not permitted any more, or impossible.
create table change_refusals (
    run_id bigint not null references runs on delete cascade,
    seq integer not null,
    code text not null,
    detail text,
    primary key (run_id, seq)
);

-- What a read or a match found that a person should know: quarantined entries, disputes.
create table run_findings (
    run_id bigint not null references runs on delete cascade,
    number integer not null,
    code text not null,
    entry text,
    line bigint,
    byte_offset bigint,
    detail text not null,
    primary key (run_id, number)
);

-- Audit --------------------------------------------------------------------------------------------

create table audit_events (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor actor_kind not null,
    actor_id bigint,
    -- The Platform App whose business it was; NULL for what belongs to no app.
    platform_app_id bigint,
    action text not null,
    subject_kind text,
    subject_id bigint,
    before jsonb,
    after jsonb,
    request_id text
);
create index audit_events_subject on audit_events (subject_kind, subject_id, id);
create index audit_events_app on audit_events (platform_app_id, id);

-- Work areas of runs: unlogged, one set of tables a run, dropped when its plan is stored.
create schema staging;

-- The partition of `changes` for this month (UTC), made when the first plan of the month is stored.
create function ensure_changes_partition() returns void language plpgsql as $$
declare
    month timestamp := date_trunc('month', now() at time zone 'utc');
    partition text := 'changes_' || to_char(month, 'YYYY_MM');
begin
    if to_regclass(partition) is null then
        execute format('create table if not exists %I partition of changes for values from (%L) to (%L)',
            partition, month at time zone 'utc', (month + interval '1 month') at time zone 'utc');
    end if;
end
$$;
