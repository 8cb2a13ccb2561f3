-- Signing in: login links, sessions and what throttles guessing. Only digests are stored: a stolen database opens nothing.

-- People act for themselves from now on.
alter type actor_kind add value 'user';

alter table platform_apps
    -- How long the app's login links live.
    add column login_link_seconds integer not null default 300
        constraint platform_apps_login_link_seconds_known check (login_link_seconds between 30 and 3600);

create table login_links (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    platform_app_id bigint not null references platform_apps on delete cascade,
    -- SHA-256 of the token, which has 256 random bits.
    digest bytea not null constraint login_links_digest_key unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    redeemed_at timestamptz,
    revoked_at timestamptz
);
create index login_links_user on login_links (user_id);
create index login_links_platform_app on login_links (platform_app_id);

create table sessions (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    client text not null constraint sessions_client_key unique,
    -- SHA-256 of the session's token, which has 128 random bits.
    digest bytea not null,
    -- Of the password's hash when the session began: another password ends the session, whoever set it and however close
    -- the two were in time.
    password_mark bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    user_agent text,
    address text,
    -- Whose login link began it; NULL for a password.
    platform_app_id bigint references platform_apps on delete set null
);
create index sessions_user on sessions (user_id, id);
create index sessions_platform_app on sessions (platform_app_id) where platform_app_id is not null;

create function password_mark(password_hash text) returns bytea
language sql immutable parallel safe
return sha256(convert_to(coalesce(password_hash, ''), 'UTF8'));

-- Failed sign-ins of an address, an e-mail address or a pair of them; the key is a digest, for anything may be typed there.
create table sign_in_failures (
    key bytea primary key,
    count integer not null,
    until timestamptz not null
);
create index sign_in_failures_until on sign_in_failures (until);
