// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL that the lists of operators share. Each statement resolves the caller, which must be an operator.
enum ListStatements {
    /// Where a walk ended that went as far as one page may; null where it came to its end.
    static func end(_ walk: ListWalk, of kind: ObjectKind, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: []),
        walked as (select w.\(unescaped: walk.key) as position from caller cross join lateral (\(walk, of: kind, page)) w)
        select case when count(*) >= \(unescaped: "\(ListWalk.reach)") then min(position) end as position from walked
        """
    }

    /// The ids of the few users or accounts whose words begin as the text says; one more than few when they are many.
    static func search(_ kind: ObjectKind, _ text: String, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [])
        select \(unescaped: kind == .account ? "search_accounts" : "search_users")(\(text), \(unescaped: "\(ListWalk.fewFound + 1)"))
            as ids from caller
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The rows `id`, and `position` where the order is another, of a walk behind the page's beginning, at most ``ListWalk/reach`` of them.
    mutating func appendInterpolation(_ walk: ListWalk, of kind: ObjectKind, _ page: PageRequest) {
        switch walk {
        case .all:
            appendLiteral("select o.id from \(kind.table) o where ")
            appendInterpolation(newestFirst: page, "o.id")
        case .ofApp(let app):
            appendLiteral("select p.object_id as id from platform_app_permissibles p ")
            appendLiteral("where p.kind = '\(kind.rawValue)' and p.platform_app_id = ")
            appendInterpolation(app)
            appendLiteral(" and ")
            appendInterpolation(newestFirst: page, "p.object_id")
        case .suspended:
            appendLiteral("select s.subject_id as id from suspensions s ")
            appendLiteral("where s.subject_kind = '\(kind.rawValue)' and ")
            appendInterpolation(newestFirst: page, "s.subject_id")
            appendLiteral(" group by s.subject_id")
        case .members(let account):
            appendMembers(of: account, page)
        case .found(let ids):
            appendLiteral("select f.id from unnest(")
            appendInterpolation(ids)
            appendLiteral("::bigint[]) f(id) where ")
            appendInterpolation(newestFirst: page, "f.id")
        case .foundMembers(let ids, let account):
            appendMembers(of: account, page)
            appendLiteral(" and m.user_id = any (")
            appendInterpolation(ids)
            appendLiteral(")")
        }
        appendLiteral(" order by \(walk.key) desc limit \(ListWalk.reach)")
    }

    private mutating func appendMembers(of account: Int64, _ page: PageRequest) {
        appendLiteral("select m.user_id as id, m.id as position from account_users m where m.account_id = ")
        appendInterpolation(account)
        appendLiteral(" and ")
        appendInterpolation(newestFirst: page, "m.id")
    }

    /// The condition that the app may reach the object `x`.
    mutating func appendInterpolation(reachedBy app: Int64?, _ kind: ObjectKind) {
        guard let app else { return }
        appendLiteral(
            " and exists (select from platform_app_permissibles rp where rp.kind = '\(kind.rawValue)' and rp.object_id = x.id ")
        appendLiteral("and rp.platform_app_id = ")
        appendInterpolation(app)
        appendLiteral(")")
    }

    /// The condition on whether somebody's suspension of the object `x` stands.
    mutating func appendInterpolation(suspended: Bool?, _ kind: ObjectKind) {
        guard let suspended else { return }
        appendLiteral(
            " and \(suspended ? "" : "not ")exists (select from suspensions xs where xs.subject_kind = '\(kind.rawValue)' and xs.subject_id = x.id)"
        )
    }

    /// The condition that the words of a text, where there is one, are found in `columns`.
    ///
    /// Taking a name apart costs far more than looking for letters in it, and whoever lacks the letters lacks the word.
    mutating func appendInterpolation(words text: String?, in columns: StaticString) {
        guard let text else { return }
        let isPlain = { (scalar: Unicode.Scalar) in
            switch scalar {
            case "a"..."z", "0"..."9": true
            default: false
            }
        }
        let runs = text.lowercased().unicodeScalars.split { !isPlain($0) }
        if let longest = runs.max(by: { $0.count < $1.count }) {
            appendLiteral(" and strpos(lower(\(columns)), ")
            appendInterpolation(String(longest))
            appendLiteral("::text) > 0")
        }
        appendLiteral(" and search_words(\(columns)) @@ search_query(")
        appendInterpolation(text)
        appendLiteral(")")
    }
}
