// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The work area of one run: unlogged tables in the schema `staging`, gone when the plan is stored.
///
/// Not temporary tables, which would forbid parallel plans; and one set a run, so that statistics are the run's own.
struct StagingArea: Sendable {
    let run: Int64

    /// What the export said, a row an entry and a row for each member a group names.
    var entries: String { "staging.run_\(run)" }
    /// The policy's accounts with the ids they have or will have.
    var accounts: String { "staging.run_\(run)_accounts" }
    /// Which group gives which role in which account, nested groups resolved.
    var reach: String { "staging.run_\(run)_reach" }
    /// The groups that name a person as member, for exports in which groups list their members.
    var listed: String { "staging.run_\(run)_listed" }
    /// The people who are not as they were at the last run, by their entries; ``MatchStatements/stale(_:)`` makes it.
    var stale: String { "staging.run_\(run)_stale" }
    /// What is known of them; ``MatchStatements/pending(_:absence:)`` makes it.
    ///
    /// `situation` is one of linked (has its user), unlinked (matches a user that has no link yet), unmatched (has none) and
    /// disputed (see `code`).
    var pending: String { "staging.run_\(run)_pending" }
    /// Links whose entries the export does not hold; ``MatchStatements/missing(_:)`` makes it.
    var missing: String { "staging.run_\(run)_missing" }
    /// The people whom the export does not hold; ``MatchStatements/absent(_:)`` makes it.
    var absent: String { "staging.run_\(run)_absent" }

    private var tables: [String] { [entries, accounts, reach, listed, stale, pending, missing, absent] }

    /// The columns of `entries` that are filled by COPY, in the order of `StagedRow`.
    var copyIn: String {
        "copy \(entries) (kind, external_key, name, parent, login, email, mapped, line, secret) from stdin with (format binary)"
    }

    var create: String {
        """
        create unlogged table \(entries) (
            -- p person, r person that was rejected, g group, d member of a group by its dn, l member of a group by login,
            -- a account that came to light, u rule that came to light: group in name, account in parent, role in login, precedence in line
            kind "char" not null,
            external_key bytea,
            -- The normalised dn; of a member, the dn or login that the group gave.
            name text,
            -- Of a member: the group.
            parent text,
            login text,
            email text,
            -- Canonical JSON of what the policy makes of the person.
            mapped bytea,
            line bigint,
            -- The hash of a password, of which mapped holds only a mark.
            secret text,
            hash bytea generated always as (sha256(mapped)) stored
        ) with (autovacuum_enabled = off);
        create unlogged table \(accounts) (
            key text not null, account_id bigint not null, is_new boolean not null, name text not null, locale text,
            absent text not null, keeps_members boolean not null,
            -- Of its link, and under which it is linked now.
            external_key bytea not null, former_key bytea
        );
        create unlogged table \(reach) (
            grp text not null, account_id bigint not null, role text not null, precedence integer not null,
            -- [role before, role after, rule] of somebody who had none.
            given jsonb not null
        );
        create unlogged table \(listed) (external_key bytea not null, groups text[] not null);
        """
    }

    /// The columns of `entries` that are joined, and so need statistics.
    var joinedOfEntries: String { "\(entries) (kind, external_key, name, parent, login, email)" }
    /// Likewise those of `pending`.
    var joinedOfPending: String { "\(pending) (external_key, email, situation, object_id)" }

    var drop: String { tables.map { "drop table if exists \($0)" }.joined(separator: ";\n") }
}
