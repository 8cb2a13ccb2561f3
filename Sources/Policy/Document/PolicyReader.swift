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
        accounts: [AccountRule], guards: Guards, file: String, namePosition: DocumentPosition
    ) {
        self.name = name
        self.platformApp = platformApp
        self.source = source
        self.read = read
        self.people = people
        self.groups = groups
        self.accounts = accounts
        self.guards = guards
        self.file = file
        self.namePosition = namePosition
        compiled = CompiledRules(accounts: accounts)
        fingerprint = Fingerprint.text(
            platformApp: platformApp, source: source, people: people, groups: groups, accounts: accounts)
    }
}

extension DocumentReader {
    /// The whole document; reads each part even where others are wrong.
    fileprivate mutating func policy(_ root: Node) -> Policy? {
        let keys = ["policy", "platform_app", "source", "read", "people", "groups", "accounts", "guards"]
        guard let fields = fields(of: root, "the policy", known: keys) else { return nil }
        let name = required("policy", in: fields).flatMap { self.name($0, "the name of the policy") }
        let app = required("platform_app", in: fields).flatMap { text($0, "\"platform_app\"") }
        let source = required("source", in: fields).flatMap { self.name($0, "the name of the source") }
        let read = fields["read"].map { readRule($0) } ?? ReadRule()
        let people = required("people", in: fields).flatMap { peopleRule($0) }
        let groups = groupsRule(fields["groups"])
        let accounts = fields["accounts"].map { accountRules($0) } ?? []
        let guards = fields["guards"].map { guardRules($0) } ?? Guards()
        guard let name, let app, let source, let people, let groups else { return nil }
        let mark = fields["policy"]?.mark
        return Policy(
            name: name, platformApp: app, source: source, read: read, people: people, groups: groups, accounts: accounts,
            guards: guards, file: file, namePosition: DocumentPosition(line: mark?.line ?? 1, column: mark?.column ?? 1))
    }

    // MARK: read, guards

    private mutating func readRule(_ node: Node) -> ReadRule {
        var rule = ReadRule()
        let keys = ["files", "format", "encoding", "csv", "manifest"]
        guard let fields = fields(of: node, "\"read\"", known: keys) else { return rule }
        if let files = fields["files"], let items = list(files, "\"files\"") {
            rule.files = items.compactMap { filePattern($0) }
        }
        if let format = fields["format"], let choice = choice(format, "\"format\"", ReadRule.Format.self) {
            rule.format = choice
        }
        rule.options = exportOptions(fields)
        return rule
    }

    private mutating func filePattern(_ node: Node) -> FilePattern? {
        guard let text = text(node, "a pattern in \"files\"", maximum: 4096) else { return nil }
        do throws(FilePattern.Fault) {
            return try FilePattern(text)
        } catch .noName {
            note(.badValue, at: node, "\"\(text)\" names no file; write for instance \"inbox/*.json\"")
        } catch .leavesFolder {
            note(.badValue, at: node, "\"\(text)\" leaves the policy's folder by \"..\"; write an absolute path")
        } catch {
            note(.badValue, at: node, "\"\(text)\" has a wildcard in a folder's name; only the name of the file can have one")
        }
        return nil
    }

    private mutating func guardRules(_ node: Node) -> Guards {
        var guards = Guards()
        let keys = ["removals", "email_changes", "administrators"]
        guard let fields = fields(of: node, "\"guards\"", known: keys) else { return guards }
        if let node = fields["removals"], let limit = limit(node, "\"removals\"") { guards.removals = limit }
        if let node = fields["email_changes"], let limit = limit(node, "\"email_changes\"") { guards.emailChanges = limit }
        if let node = fields["administrators"], let limit = limit(node, "\"administrators\"") { guards.administrators = limit }
        return guards
    }

    private mutating func limit(_ node: Node, _ what: String) -> Guards.Limit? {
        guard let fields = fields(of: node, what, known: ["count", "percent", "floor"]) else { return nil }
        var limit = Guards.Limit()
        if let node = fields["count"] { limit.count = integer(node, "\"count\"", in: 0...1_000_000_000) }
        if let node = fields["percent"] { limit.percent = percent(node) }
        if let node = fields["floor"], let floor = integer(node, "\"floor\"", in: 0...1_000_000_000) { limit.floor = floor }
        if fields["count"] == nil, fields["percent"] == nil {
            note(.missingKey, at: node, "\(what) needs \"count\", \"percent\" or both")
        }
        return limit
    }

    private mutating func percent(_ node: Node) -> Double? {
        guard case .scalar(let scalar) = node, let value = Double(scalar.string), value.isFinite else {
            note(.wrongType, at: node, "\"percent\" must be a number")
            return nil
        }
        guard (0...100).contains(value) else {
            note(.badValue, at: node, "\"percent\" must lie between 0 and 100")
            return nil
        }
        return value
    }
}
