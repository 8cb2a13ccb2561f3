-- The partition of `changes` for a month (UTC). Attached rather than made in its place: that waits for no plan that is being stored,
-- and nobody waits for it. One at a time, or the second of two who find none would fail.
create function ensure_changes_partition(month timestamp) returns void language plpgsql as $$
declare
    partition text := 'changes_' || to_char(month, 'YYYY_MM');
begin
    if to_regclass(partition) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(1297307460, 0);
    -- By a query, which sees what others did meanwhile; what to_regclass finds may be remembered from before.
    if exists (select from pg_class where relname = partition
               and relnamespace = (select relnamespace from pg_class where oid = 'changes'::regclass)) then
        return;
    end if;
    execute format('create table %I (like changes including all)', partition);
    execute format('alter table changes attach partition %I for values from (%L) to (%L)',
        partition, month at time zone 'utc', (month + interval '1 month') at time zone 'utc');
end
$$;

create or replace function ensure_changes_partition() returns void language plpgsql as $$
begin
    perform ensure_changes_partition(date_trunc('month', now() at time zone 'utc'));
end
$$;

-- This month's and the next one's, which whoever is the first of that month then finds.
create function prepare_changes_partitions() returns void language plpgsql as $$
begin
    perform ensure_changes_partition();
    perform ensure_changes_partition(date_trunc('month', now() at time zone 'utc') + interval '1 month');
end
$$;
