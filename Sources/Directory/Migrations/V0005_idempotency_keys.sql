-- What has been carried out under an Idempotency-Key. A row is written in the transaction of the call itself, so there is
-- one exactly where the call took effect; it says which object the answer showed, and nothing of the answer.
create table idempotency_keys (
    platform_app_id bigint not null references platform_apps on delete cascade,
    -- SHA-256 of the key.
    key bytea not null,
    -- HMAC of path and body under that data key: bodies hold passwords, which a plain digest would let somebody guess.
    content bytea not null,
    key_id integer not null references data_keys,
    -- NULL: the answer showed no object.
    object_id bigint,
    expires_at timestamptz not null default now() + interval '24 hours',
    primary key (platform_app_id, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
