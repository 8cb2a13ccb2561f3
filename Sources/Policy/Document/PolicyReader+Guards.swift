// SPDX-License-Identifier: Apache-2.0

import Yams

/// `guards:`.
extension DocumentReader {
    static let guardKeys = Guards.Kind.allCases.map(\.rawValue) + ["per_account"]
    static let accountGuardKeys = Guards.Kind.ofAccounts.map(\.rawValue)
    static let limitKeys = ["count", "percent", "floor"]

    mutating func guardRules(_ node: Node) -> Guards {
        var guards = Guards()
        guard let fields = fields(of: node, "\"guards\"", known: Self.guardKeys) else { return guards }
        for kind in Guards.Kind.allCases {
            if let node = fields[kind.rawValue], let limit = limit(node, "\"\(kind.rawValue)\"") { guards.set(limit, of: kind) }
        }
        if let node = fields["per_account"],
            let accounts = self.fields(of: node, "\"per_account\"", known: Self.accountGuardKeys)
        {
            for kind in Guards.Kind.ofAccounts {
                guards.perAccount[kind] = accounts[kind.rawValue].flatMap { limit($0, "\"\(kind.rawValue)\"") }
            }
        }
        return guards
    }

    private mutating func limit(_ node: Node, _ what: String) -> Guards.Limit? {
        guard let fields = fields(of: node, what, known: Self.limitKeys) else { return nil }
        var limit = Guards.Limit()
        if let node = fields["count"] { limit.count = integer(node, "\"count\"", in: 0...1_000_000_000) }
        if let node = fields["percent"] { limit.percent = percent(node) }
        if let node = fields["floor"], let floor = integer(node, "\"floor\"", in: 0...1_000_000_000) { limit.floor = floor }
        if fields["count"] == nil, fields["percent"] == nil {
            note(.missingKey, at: node, "\(what) needs \"count\", \"percent\" or both")
        }
        return limit
    }

    mutating func percent(_ node: Node, _ what: String = "\"percent\"") -> Double? {
        guard case .scalar(let scalar) = node, let value = Double(scalar.string), value.isFinite else {
            note(.wrongType, at: node, "\(what) must be a number")
            return nil
        }
        guard (0...100).contains(value) else {
            note(.badValue, at: node, "\(what) must lie between 0 and 100")
            return nil
        }
        return value
    }
}
