// SPDX-License-Identifier: Apache-2.0

import Intake

/// What mapping needs from the account rules, worked out when the policy is read.
struct CompiledRules: Sendable {
    /// Rows for the resolver, in document order, each once.
    let groupRules: [GroupRule]
    /// Filters that make pseudo-groups, each once, with the name of the pseudo-group.
    let filters: [(group: String, filter: LDAPFilter)]
    /// Whether a rule names everyone.
    let namesEveryone: Bool
    /// Groups that rules name.
    let namedGroups: Set<String>
    /// Whether a person's groups matter at all.
    var needsGroups: Bool { !namedGroups.isEmpty }

    init(accounts: [AccountRule]) {
        var rows: [GroupRule] = []
        var seen: Set<GroupRule> = []
        var filters: [String: LDAPFilter] = [:]
        var named: Set<String> = []
        var namesEveryone = false
        for account in accounts {
            for grant in account.grants {
                let key = grant.selector.groupKey
                switch grant.selector {
                case .everyone: namesEveryone = true
                case .group: named.insert(key)
                case .filter(_, let filter): filters[key] = filter
                }
                let identity = GroupRule(group: key, account: account.key, role: grant.role, precedence: 0, line: 0)
                guard seen.insert(identity).inserted else { continue }
                rows.append(
                    GroupRule(
                        group: key, account: account.key, role: grant.role, precedence: grant.role.precedence,
                        line: grant.line))
            }
        }
        groupRules = rows
        self.filters = filters.map { ($0.key, $0.value) }.sorted { ByteOrder.isLess($0.group, $1.group) }
        self.namesEveryone = namesEveryone
        namedGroups = named
    }
}

extension Policy {
    /// Which membership in a group gives which role in which account: the rows that the resolver joins.
    ///
    /// Every rule is here as a group; `everyone` and filters are pseudo-groups, which `map` puts among a person's groups.
    package var groupRules: [GroupRule] { compiled.groupRules }
}

extension Policy {
    /// The rule that decides a person's role in each account, by account key, from the groups that the person is in.
    ///
    /// For explanations and tests; a run resolves all people at once in the database, nested groups included.
    package func decidingRules(forGroups groups: some Sequence<String>) -> [String: GroupRule] {
        let groups = Set(groups)
        var deciding: [String: GroupRule] = [:]
        for rule in groupRules where groups.contains(rule.group) {
            if let other = deciding[rule.account], other.precedence >= rule.precedence { continue }
            deciding[rule.account] = rule
        }
        return deciding
    }
}
