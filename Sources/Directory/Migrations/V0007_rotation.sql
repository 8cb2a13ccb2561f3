-- While a webhook's secret is being replaced: what the one before is recomputed from, and until when it signs as well.
alter table webhooks
    add column previous_nonce uuid,
    add column previous_key_id integer references data_keys,
    add column previous_until timestamptz,
    add constraint webhooks_previous_is_whole check (num_nulls(previous_nonce, previous_key_id, previous_until) in (0, 3));
