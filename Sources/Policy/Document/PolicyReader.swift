// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

extension Policy {
    /// Reads a policy from YAML.
    ///
    /// - Parameters:
    ///   - yaml: the document.
    ///   - file: how diagnostics name it.
    /// - Throws: every mistake of the document at once.
    package init(yaml: String, file: String) throws(PolicyDiagnostics) {
        let document = try PolicyDocument(yaml: yaml, file: file)
        var reader = DocumentReader(document: document, file: file)
        let policy = reader.policy(document.root)
        guard let policy, reader.diagnostics.isEmpty else { throw PolicyDiagnostics(reader.diagnostics) }
        self = policy
    }

    fileprivate init(
        name: String, platformApp: String, source: String, read: ReadRule, people: PeopleRule, groups: GroupsRule,
        accounts: AccountRules, guards: Guards, operation: OperationRules, precedence: Int, file: String,
        namePosition: DocumentPosition
    ) {
        self.name = name
        self.platformApp = platformApp
        self.source = source
        self.read = read
        self.people = people
        self.groups = groups
        self.accounts = accounts.fixed
        eachAccounts = accounts.each
        self.guards = guards
        self.operation = operation
        self.precedence = precedence
        self.file = file
        self.namePosition = namePosition
        compiled = CompiledRules(accounts: accounts.fixed, each: accounts.each, groups: groups, protected: operation.protected)
        fingerprint = Fingerprint.text(
            platformApp: platformApp, source: source, people: people, groups: groups, accounts: accounts,
            precedence: precedence, operation: operation)
    }
}

extension DocumentReader {
    static let policyKeys =
        ["policy", "platform_app", "source", "precedence", "read", "people", "groups", "accounts", "guards"] + operationKeys

    /// Beside `sync/POLICY/runs` stand `sync/disputes` and `sync/quarantine`, which no policy may hide behind.
    private mutating func policyName(_ node: Node) -> String? {
        guard let name = name(node, "the name of the policy") else { return nil }
        guard !["disputes", "quarantine"].contains(name.lowercased()) else {
            note(.badValue, at: node, "the name of the policy \"\(name)\" has a meaning of its own in addresses; take another")
            return nil
        }
        return name
    }

    /// The whole document; reads each part even where others are wrong.
    fileprivate mutating func policy(_ root: Node) -> Policy? {
        guard let fields = fields(of: root, "the policy", known: Self.policyKeys) else { return nil }
        let name = required("policy", in: fields).flatMap { policyName($0) }
        let app = required("platform_app", in: fields).flatMap { text($0, "\"platform_app\"") }
        let source = required("source", in: fields).flatMap { self.name($0, "the name of the source") }
        let read = fields["read"].map { readRule($0) } ?? ReadRule()
        let people = required("people", in: fields).flatMap { peopleRule($0) }
        let groups = groupsRule(fields["groups"])
        let accounts = fields["accounts"].map { accountRules($0) } ?? AccountRules()
        let guards = fields["guards"].map { guardRules($0) } ?? Guards()
        let operation = operationRules(fields)
        let precedence = fields["precedence"].flatMap { integer($0, "\"precedence\"", in: Self.precedences) } ?? 0
        guard let name, let app, let source, let people, let groups else { return nil }
        let mark = fields["policy"]?.mark
        return Policy(
            name: name, platformApp: app, source: source, read: read, people: people, groups: groups, accounts: accounts,
            guards: guards, operation: operation, precedence: precedence, file: file,
            namePosition: DocumentPosition(line: mark?.line ?? 1, column: mark?.column ?? 1))
    }
}
