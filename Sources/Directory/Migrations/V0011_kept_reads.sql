-- SPDX-License-Identifier: Apache-2.0
-- The last read of each policy, to be planned again by a changed policy and to be brought up to date by changes.

alter table runs
    -- SHA-256 of what the policy made of entries: another one is a changed policy. NULL of older runs.
    add column policy_digest bytea,
    -- What was read: an export, changes on top of the kept read, or the kept read alone.
    add column input text not null default 'export' constraint runs_input_known check (input in ('export', 'changes', 'kept'));

create table kept_reads (
    id bigint generated always as identity primary key,
    source_id bigint not null references sources on delete cascade,
    policy text not null,
    -- The run that read it. No foreign key: the journal forgets each run at its own time.
    run_id bigint not null,
    -- Whether it is what the source said last; what a plan read that is not applied yet waits for its run, what is being
    -- written for its end.
    is_current boolean not null default false,
    is_whole boolean not null default false,
    file_name text not null,
    -- SHA-256 of the export, and of each of the changes that were taken since.
    file_hash bytea not null,
    change_hashes bytea[] not null default '{}',
    -- When the newest of these files was written, in nanoseconds since 1970.
    through bigint not null,
    -- What the export proved, and where it proved nobody's absence, why.
    proof text not null,
    unproven text,
    entries bigint not null default 0,
    kept_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create unique index kept_reads_current on kept_reads (source_id, policy) where is_current;
create index kept_reads_run on kept_reads (run_id);
create index kept_reads_expires on kept_reads (expires_at);

-- The read in pieces, compressed already.
create table kept_read_chunks (
    kept_read_id bigint not null references kept_reads on delete cascade,
    number integer not null,
    content bytea not null,
    primary key (kept_read_id, number)
);
alter table kept_read_chunks alter column content set storage external;
