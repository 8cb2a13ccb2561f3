-- The journal as people work with it: runs that reverse others, and decisions on single changes of a plan.

alter table runs
    -- The run whose reverse this one is. No foreign key: the journal forgets each run at its own time.
    add column undoes bigint;
-- Looked into by every plan, and nearly empty: what was undone is not done again without notice.
create index runs_undo on runs (source_id, id) where undoes is not null;

-- What a person said of single changes of a plan that waits; nothing is here of a plan that was let through as a whole.
create table change_decisions (
    run_id bigint not null references runs on delete cascade,
    seq integer not null,
    decision text not null constraint change_decisions_known check (decision in ('approved', 'rejected')),
    by_kind actor_kind not null,
    by_id bigint,
    reason text,
    at timestamptz not null default now(),
    primary key (run_id, seq)
);

-- Of whom a finding is, where the entry has an id; few enough a run to be looked through.
alter table run_findings add column external_key bytea;
