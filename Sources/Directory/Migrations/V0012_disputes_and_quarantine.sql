-- SPDX-License-Identifier: Apache-2.0
-- What of a source waits for a person, and what is left alone for a while. All of it is nearly empty, always: a plan looks here
-- before it looks at anybody.

-- Entries that the last read of their policy could not take for one user without guessing, with what a person said of them.
-- Gone when the source or the store is set right, or when the decision is carried out; the audit trail keeps who decided.
create table disputes (
    id bigint generated always as identity primary key,
    source_id bigint not null references sources on delete cascade,
    policy text not null,
    external_key bytea not null,
    -- That of the run's finding.
    code text not null,
    -- The entry as it was read: its dn, its address, and what the policy makes of it, without secrets.
    entry text,
    email text,
    line bigint,
    fields jsonb not null default '{}',
    -- The users it may be, and other entries that claim the same: [{entry, email, line}].
    candidates bigint[] not null default '{}',
    rivals jsonb not null default '[]',
    -- The run that saw it last.
    run_id bigint,
    since timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    state text not null default 'open' constraint disputes_state_known check (state in ('open', 'decided', 'ignored', 'lapsed')),
    decision text constraint disputes_decision_known check (decision in ('link', 'adopt', 'ignore')),
    -- Whom the entry is taken for, with the addresses on both sides when that was decided: with others it does not hold any more.
    user_id bigint,
    user_email text,
    entry_email text,
    decided_by actor_kind,
    decided_by_id bigint,
    -- When it was decided or decided anew; the policy runs again soon after.
    decided_at timestamptz,
    reason text,
    -- Why the decision does not hold any more.
    lapsed text,
    lapsed_at timestamptz,
    constraint disputes_entry unique (source_id, external_key),
    constraint disputes_decided check ((decision is null) = (state = 'open'))
);
create index disputes_waiting on disputes (id) where state in ('open', 'lapsed');
create index disputes_decided_lately on disputes (decided_at) where decided_at is not null;

-- Entries whose change was refused when it was applied: left out of plans until the next try, unless they or the policy change.
create table quarantined_entries (
    id bigint generated always as identity primary key,
    source_id bigint not null references sources on delete cascade,
    policy text not null,
    external_key bytea not null,
    -- Those of the refusal.
    code text not null,
    detail text,
    action text not null,
    -- The address, or the name, of whom it is.
    entry text,
    entry_hash bytea,
    policy_version bytea,
    -- How often it was refused with this content.
    attempts integer not null default 1,
    since timestamptz not null default now(),
    last_try_at timestamptz not null default now(),
    next_try_at timestamptz not null,
    -- The run whose change was refused, and the run that tries it again.
    run_id bigint not null,
    tried_by bigint,
    constraint quarantined_entries_entry unique (source_id, external_key)
);
create index quarantined_entries_due on quarantined_entries (next_try_at);

-- How a policy fares whose runs do not go well; no row for one that does.
create table policy_standings (
    id bigint generated always as identity primary key,
    source_id bigint not null references sources on delete cascade,
    policy text not null,
    -- Runs in a row that came to nothing for the same reason, with the last of them.
    failures integer not null default 0,
    code text,
    reason text,
    run_id bigint,
    since timestamptz not null default now(),
    -- Whether webhooks and log were told that it is in trouble: once.
    told_at timestamptz,
    -- The file and the rules for which it is not run any more; null: it is run as ever.
    put_aside text,
    -- When it is run again by itself, because changes were refused for reasons that pass, and how often that was so.
    retry_at timestamptz,
    retries integer not null default 0,
    constraint policy_standings_policy unique (source_id, policy)
);
create index policy_standings_due on policy_standings (retry_at) where retry_at is not null;
create index policy_standings_trouble on policy_standings (id) where told_at is not null;
