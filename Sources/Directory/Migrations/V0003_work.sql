-- Work that outlives a request: a queue of jobs, the outbox of events, and the webhooks that they are delivered to.

-- One row is one thing to do; done, it is deleted. A worker holds a job by a lease that it renews: one that died loses it.
create table jobs (
    id bigint generated always as identity primary key,
    kind text not null,
    key text not null default '',
    payload jsonb not null default '{}',
    run_at timestamptz not null default now(),
    attempts integer not null default 0,
    lease uuid,
    leased_until timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    constraint jobs_key unique (kind, key)
);
create index jobs_due on jobs (run_at);

-- The secret is recomputed from (id, nonce, key) and the data key; nothing here signs.
create table webhooks (
    id bigint generated always as identity primary key,
    platform_app_id bigint not null references platform_apps on delete cascade,
    url text not null constraint webhooks_url_length check (char_length(url) between 1 and 2048),
    events text[] not null,
    nonce uuid not null default gen_random_uuid(),
    key_id integer not null references data_keys,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index webhooks_app on webhooks (platform_app_id, id);
create index webhooks_tombstones on webhooks (deleted_at) where deleted_at is not null;

-- What happened and is not yet divided among the webhooks, written in the transaction of the change and only where somebody
-- listens. One event of one object, or a range of a run's changes. An object's writers wait for each other before they draw
-- an id here, so its events have the order of its changes.
create table outbox (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    type text,
    subject_kind object_kind,
    subject_id bigint,
    account_id bigint,
    before jsonb,
    after jsonb,
    request_id text,
    run_id bigint,
    planned_at timestamptz,
    first_seq integer,
    last_seq integer,
    constraint outbox_one_or_many check ((type is null) <> (run_id is null))
);

-- One event for one webhook: what is to be sent, and the log of what became of it.
create table deliveries (
    id bigint generated always as identity primary key,
    webhook_id bigint not null references webhooks on delete cascade,
    type text not null,
    subject_kind object_kind not null,
    subject_id bigint not null,
    -- The bytes that are signed and sent.
    payload text not null,
    state text not null default 'pending' constraint deliveries_state_known check (state in ('pending', 'delivered', 'failed')),
    attempts integer not null default 0,
    run_at timestamptz not null default now(),
    deadline timestamptz not null default now() + interval '3 days',
    last_status integer,
    last_error text,
    last_attempt_at timestamptz,
    delivered_at timestamptz,
    created_at timestamptz not null default now()
);
create index deliveries_due on deliveries (webhook_id, run_at) where state = 'pending';
create index deliveries_order on deliveries (webhook_id, subject_kind, subject_id, id) where state = 'pending';
create index deliveries_log on deliveries (webhook_id, id);
create index deliveries_past on deliveries (created_at) where state <> 'pending';

create index agent_bots_tombstones on agent_bots (deleted_at) where deleted_at is not null;

-- The fields of one state of an object that differ from another state of it; all where there is no other.
create function changed_fields(state jsonb, other jsonb) returns jsonb language sql immutable as $$
    select case
        when state is null or other is null then state
        else (select coalesce(jsonb_object_agg(s.key, s.value), '{}') from jsonb_each(state) s
              where other -> s.key is distinct from s.value)
    end
$$;
