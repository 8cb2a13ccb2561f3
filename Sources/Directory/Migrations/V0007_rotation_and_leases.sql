-- While a webhook's secret is being replaced: what the one before is recomputed from, and until when it signs as well.
alter table webhooks
    add column previous_nonce uuid,
    add column previous_key_id integer references data_keys,
    add column previous_until timestamptz,
    add constraint webhooks_previous_is_whole check (num_nulls(previous_nonce, previous_key_id, previous_until) in (0, 3));

-- A call of several transactions, such as a bulk, is noted before it is carried out: under a lease that its holder renews. It
-- runs out when the holder dies; whoever sends the call again then carries it out again, which leaves alone what is done.
alter table idempotency_keys
    add column lease uuid,
    add column leased_until timestamptz,
    -- What became of each item: ids and reasons. The rest of the answer is in the request, which is the same.
    add column answer jsonb,
    add constraint idempotency_keys_lease_is_whole check (num_nulls(lease, leased_until) in (0, 2));
