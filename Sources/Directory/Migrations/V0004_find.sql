-- What the original lacks: find, custom roles with seats, suspended memberships, tokens with scopes that rotate.

-- Find ---------------------------------------------------------------------------------------------

-- The words of a name and an address, in lower case, parted by blanks and the signs of ASCII: "Ada King" of
-- ada.king@example.org is found by "kin", "ada exam" and "example.org". Words, not trigrams: a word index grows by
-- some five entries a person, a trigram index by fifty, and imports would pay for it.
create function search_words(text) returns tsvector
language sql immutable strict parallel safe
return array_to_tsvector(array_remove(regexp_split_to_array(lower(left($1, 511)), '[][[:space:]!-/:-@\\^_`{|}~]+'), ''));

-- What finds all users with a word for each beginning in the text; null for a text without any word.
create function search_query(text) returns tsquery
language sql immutable strict parallel safe
return (select string_agg(quote_literal(w) || ':*', ' & ')::tsquery
        from unnest(array_remove(regexp_split_to_array(lower(left($1, 511)), '[][[:space:]!-/:-@\\^_`{|}~]+'), '')) w);

create index users_words on users using gin (search_words(name || ' ' || email)) where deleted_at is null;

-- The users, whoever may see them, whom a text finds; only so many, in no order. From how many come back a statement
-- learns whether it is cheaper to look these up or to walk along and compare, which no statistics of words tell.
create function search_users(query text, most integer) returns bigint[]
language plpgsql stable set enable_seqscan = off set enable_indexscan = off as $$
begin
    return coalesce((select array_agg(found.id) from (
        select u.id from users u
        where u.deleted_at is null and search_words(u.name || ' ' || u.email) @@ search_query(query)
        limit most) found), '{}');
end
$$;

-- Lifecycle ----------------------------------------------------------------------------------------

-- Like `suspensions`, of memberships; a table of its own, so that it goes with the membership.
create table membership_suspensions (
    membership_id bigint not null references account_users on delete cascade,
    by_kind actor_kind not null,
    by_id bigint not null,
    reason text not null default '',
    since timestamptz not null default now(),
    primary key (membership_id, by_kind, by_id)
);

-- Where a person can work now: the one definition of it. Neither side deleted or suspended, nor the membership itself.
create view usable_memberships as
select m.id, m.account_id, m.user_id, m.role, m.custom_role_id, m.availability, m.auto_offline, m.active_at
from account_users m
join accounts a on a.id = m.account_id and a.deleted_at is null
join users u on u.id = m.user_id and u.deleted_at is null
where not exists (select from membership_suspensions s where s.membership_id = m.id)
  and not exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = m.account_id)
  and not exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = m.user_id);

-- Roles --------------------------------------------------------------------------------------------

alter table custom_roles
    add constraint custom_roles_name_length check (char_length(name) between 1 and 255),
    add constraint custom_roles_permissions_known check (permissions <@ array[
        'conversation_manage', 'conversation_unassigned_manage', 'conversation_participating_manage', 'contact_manage',
        'report_manage', 'knowledge_base_manage']);
create index custom_roles_page on custom_roles (account_id, id);

-- Seats: `limits.agents` of an account is the most memberships of live users that it has. The account's row is locked
-- first and the members counted by a statement of its own, which sees what others committed while this one waited: so two
-- who take the last seat at once cannot both have it, whichever statement takes it.
create function keep_seats() returns trigger language plpgsql as $$
declare
    limited record;
begin
    for limited in
        select a.id from accounts a
        where a.id in (select n.account_id from taken n) and jsonb_typeof(a.limits -> 'agents') = 'number'
        order by a.id
    loop
        perform from accounts a where a.id = limited.id for no key update;
        if (select count(*) from account_users m join users u on u.id = m.user_id and u.deleted_at is null
            where m.account_id = limited.id)
           > (select (a.limits ->> 'agents')::numeric from accounts a where a.id = limited.id) then
            raise exception 'account % has no seat left', limited.id
                using errcode = 'check_violation', constraint = 'account_users_seats', table = 'account_users';
        end if;
    end loop;
    return null;
end
$$;
create trigger account_users_seats after insert on account_users
    referencing new table as taken for each statement execute function keep_seats();

-- Tokens -------------------------------------------------------------------------------------------

alter table access_tokens
    -- When and from where it was used last, as precise as the interval at which replicas write it down.
    add column last_used_at timestamptz,
    add column last_used_address text,
    -- The token that took its place; this one lives on for the overlap.
    add column replaced_by bigint references access_tokens on delete set null;
create index access_tokens_replaced on access_tokens (replaced_by) where replaced_by is not null;

-- True when a token of these scopes may do all that is needed; an error with a code of its own otherwise, so that a call
-- out of scope is told from one with a dead token, and does nothing.
create function require_scopes(granted text[], needed text[]) returns boolean
language plpgsql stable parallel safe as $$
declare
    scope text;
begin
    if '*' = any (granted) then return true; end if;
    foreach scope in array needed loop
        if not (scope = any (granted) or split_part(scope, ':', 1) || ':*' = any (granted)) then
            raise exception 'the token does not have the scope %', scope using errcode = 'MS403';
        end if;
    end loop;
    return true;
end
$$;
