// SPDX-License-Identifier: Apache-2.0

import Intake

/// What mapping needs from the account rules, worked out when the policy is read.
struct CompiledRules: Sendable {
    /// A rule about groups of which only the form of their names is known.
    struct PatternRule: Sendable {
        let pattern: GroupPattern
        /// The row for a group of this form.
        let row: @Sendable (String) -> GroupRule
    }

    /// Rows for the resolver, in document order, each once.
    let groupRules: [GroupRule]
    /// Filters that make pseudo-groups, each once, with the name of the pseudo-group.
    let filters: [(group: String, filter: LDAPFilter)]
    /// Names above people that make pseudo-groups, each once, with the name of the pseudo-group.
    let units: [(group: String, name: String)]
    /// Rules about groups by the form of their names.
    let patterns: [PatternRule]
    /// The rows about groups that rules name, by their names: for groups that are known by other names too.
    let rowsByGroup: [String: [GroupRule]]
    /// Accounts of which there are several.
    let each: [EachAccountRule]
    /// Whether a rule names everyone.
    let namesEveryone: Bool
    /// Groups that rules name.
    let namedGroups: Set<String>
    /// Whether groups matter that no rule names as they are.
    let anyGroupMatters: Bool
    /// Whether a person's groups matter at all.
    var needsGroups: Bool { !namedGroups.isEmpty || anyGroupMatters }

    init(accounts: [AccountRule], each: [EachAccountRule], groups: GroupsRule, protected: ProtectedPeople) {
        var collected = Collector()
        for account in accounts {
            for grant in account.grants { collected.add(grant, of: account) }
        }
        for rule in each {
            for grant in rule.grants {
                if case .selector(let selector) = grant.target { collected.add(selector) }
            }
        }
        collected.named.formUnion(protected.groups)
        groupRules = collected.rows
        filters = collected.filters.map { ($0.key, $0.value) }.sorted { ByteOrder.isLess($0.group, $1.group) }
        units = collected.units.map { ($0.key, $0.value) }.sorted { ByteOrder.isLess($0.group, $1.group) }
        patterns = collected.patterns
        rowsByGroup = Dictionary(grouping: collected.rows.filter { collected.named.contains($0.group) }, by: \.group)
        namesEveryone = collected.namesEveryone
        namedGroups = collected.named
        self.each = each
        let eachNamesGroups = each.contains { rule in
            rule.groupPattern != nil || rule.grants.contains { if case .group = $0.target { true } else { false } }
        }
        anyGroupMatters = !patterns.isEmpty || eachNamesGroups || (!groups.names.isEmpty && !namedGroups.isEmpty)
    }

    /// Gathers what the grants of all rules need, each once.
    private struct Collector {
        var rows: [GroupRule] = []
        var seen: Set<GroupRule> = []
        var filters: [String: LDAPFilter] = [:]
        var units: [String: String] = [:]
        var patterns: [PatternRule] = []
        var named: Set<String> = []
        var namesEveryone = false

        mutating func add(_ selector: Selector) {
            switch selector {
            case .everyone: namesEveryone = true
            case .group(_, let key): named.insert(key)
            case .groups: break
            case .unit(_, let key): units[selector.groupKey] = key
            case .filter(_, let filter): filters[selector.groupKey] = filter
            }
        }

        mutating func add(_ grant: AccountRule.Grant, of account: AccountRule) {
            add(grant.selector)
            let precedence = account.precedence(of: grant.granted)
            let row = { @Sendable (group: String) in
                GroupRule(
                    group: group, account: account.key, role: grant.granted.role, customRole: grant.granted.customRole,
                    precedence: precedence, line: grant.line)
            }
            if case .groups(let written, _) = grant.selector, let pattern = GroupPattern(written) {
                patterns.append(PatternRule(pattern: pattern, row: row))
                return
            }
            let made = row(grant.selector.groupKey)
            let identity = GroupRule(
                group: made.group, account: made.account, role: made.role, customRole: made.customRole, precedence: 0, line: 0)
            if seen.insert(identity).inserted { rows.append(made) }
        }
    }
}

extension Policy {
    /// Which membership in a group gives which role in which account: the rows that the resolver joins.
    ///
    /// Every rule is here as a group; `everyone`, filters and units are pseudo-groups, which `map` puts among a person's groups.
    /// Further rows come to light with the entries: `DesiredPerson.discovered`, `DesiredGroup.discovered`.
    package var groupRules: [GroupRule] { compiled.groupRules }
}

extension Policy {
    /// The rule that decides a person's role in each account, by account key, from the groups that the person is in.
    ///
    /// For explanations and tests; a run resolves all people at once in the database, nested groups included.
    /// - Parameter discovered: the rows that entries brought to light.
    package func decidingRules(
        forGroups groups: some Sequence<String>, discovered: [GroupRule] = []
    ) -> [String: GroupRule] {
        let groups = Set(groups)
        var deciding: [String: GroupRule] = [:]
        for rule in groupRules + discovered where groups.contains(rule.group) {
            if let other = deciding[rule.account], other.precedence >= rule.precedence { continue }
            deciding[rule.account] = rule
        }
        return deciding
    }
}
