// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL with which runs begin that a caller asks for: as the app that the run acts for, or as an operator.
enum RunBeginStatements {
    /// Whether the caller may begin runs of a policy: the app that it acts for, where it is the caller's.
    static func reach(platformApp name: String?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsWrite])
        select caller.actor is not null as authenticated, a.id
        from (select 1) one
        left join caller on true
        left join platform_apps a on a.name = \(name) and a.disabled_at is null and \(runOf: caller, "a.id")
        """
    }

    /// Begins a run of a policy.
    ///
    /// - Parameter fingerprint: what the policy says, for whoever asks later whether it says something else.
    static func begin(
        policy: String, fingerprint: String, source: Int64, fileName: String, applies: Bool, caller: Caller
    ) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsWrite]),
        begun as (
            insert into runs (platform_app_id, source_id, policy, file_name, actor, applies, policy_digest)
            select s.platform_app_id, s.id, \(policy), \(fileName), caller.actor, \(applies),
                   sha256(convert_to(\(fingerprint), 'UTF8'))
            from caller join sources s on s.id = \(source) and \(runOf: caller, "s.platform_app_id")
            join platform_apps a on a.id = s.platform_app_id and a.disabled_at is null
            returning *
        ),
        \(
            audit: "run.begin", ofOther: "run", "begun", caller: caller,
            after: "jsonb_build_object('policy', begun.policy, 'file', begun.file_name, 'applies', begun.applies)")
        select caller.actor is not null as authenticated, begun.id, begun.source_id, begun.platform_app_id
        from (select 1) one left join caller on true left join begun on true
        """
    }

    /// Begins the reverse of a run, for the same app, source and policy.
    static func beginUndo(of run: Int64, applies: Bool, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsWrite]),
        begun as (
            insert into runs (platform_app_id, source_id, policy, policy_version, custom_roles, actor, applies, undoes)
            select r.platform_app_id, r.source_id, r.policy, r.policy_version, r.custom_roles, caller.actor, \(applies), r.id
            from caller join runs r on r.id = \(run) and \(runOf: caller, "r.platform_app_id")
            join platform_apps a on a.id = r.platform_app_id and a.disabled_at is null
            returning *
        ),
        \(
            audit: "run.undo", ofOther: "run", "begun", caller: caller,
            after: "jsonb_build_object('policy', begun.policy, 'undoes', begun.undoes, 'applies', begun.applies)")
        select caller.actor is not null as authenticated, begun.id, begun.source_id, begun.platform_app_id
        from (select 1) one left join caller on true left join begun on true
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The condition that a run is one that the caller may see and decide: those of its own, all of them for an operator.
    ///
    /// - Parameter app: the column of the run's Platform App; of ours, never data.
    mutating func appendInterpolation(runOf caller: Caller, _ app: StaticString) {
        appendLiteral(caller.isOperator ? "true" : "\(app) = caller.app_id")
    }

    /// The same for a run of the table `run`, which is of the policy as well where one is named.
    mutating func appendInterpolation(runOf caller: Caller, _ run: StaticString, _ policy: String?) {
        appendLiteral(caller.isOperator ? "true" : "\(run).platform_app_id = caller.app_id")
        guard let policy else { return }
        appendLiteral(" and \(run).policy = ")
        appendInterpolation(policy)
    }
}
