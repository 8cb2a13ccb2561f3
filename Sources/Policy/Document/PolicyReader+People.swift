// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// `people:` and `groups:`.
extension DocumentReader {
    private static let defaultID: [AttributeName] = ["entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID"]
    private static let defaultLogin: [AttributeName] = ["uid", "sAMAccountName"]
    private static let defaultMembers: [AttributeName] = ["member", "uniqueMember", "memberUid"]
    private static let defaultMemberOf: [AttributeName] = ["memberOf", "isMemberOf"]
    private static let defaultGroupFilter =
        "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=group))"

    static let peopleKeys = [
        "where", "id", "login", "match", "email", "name", "display_name", "custom_attributes", "enabled", "authentication",
        "absent",
    ]
    static let authenticationKeys = ["provider", "subject", "password"]
    static let groupsKeys = ["where", "members", "member_of", "nested", "names"]

    mutating func peopleRule(_ node: Node) -> PeopleRule? {
        guard let fields = fields(of: node, "\"people\"", known: Self.peopleKeys) else { return nil }
        let filter = required("where", in: fields).flatMap { self.filter($0) }
        let id = fields["id"].map { attributeNames($0, "\"id\"") } ?? Self.defaultID
        let login = fields["login"].map { attributeNames($0, "\"login\"") } ?? Self.defaultLogin
        let match = fields["match"].map { matchRules($0) } ?? [.email]
        let email = required("email", in: fields).flatMap { requiredField($0, "\"email\"", mayBeConstant: false) }
        let name = required("name", in: fields).flatMap { requiredField($0, "\"name\"", mayBeConstant: true) }
        let displayName = fields["display_name"].flatMap { textField($0, "\"display_name\"") }
        let customAttributes = fields["custom_attributes"].map { self.customAttributes($0) } ?? []
        let enabled = fields["enabled"].map { self.enabled($0) } ?? PeopleRule.Enabled()
        let authentication = fields["authentication"].flatMap { self.authentication($0) }
        let (absent, deleteAfter) = fields["absent"].map { absence($0) } ?? (.suspend, nil)
        guard let filter, let email, let name else { return nil }
        return PeopleRule(
            filter: filter, id: id, login: login, match: match, email: email, name: name, displayName: displayName,
            customAttributes: customAttributes, enabled: enabled, authentication: authentication, absent: absent,
            deleteAfter: deleteAfter)
    }

    mutating func groupsRule(_ node: Node?) -> GroupsRule? {
        var filter = (try? LDAPFilter(parsing: Self.defaultGroupFilter)).map {
            FilterRule(text: Self.defaultGroupFilter, filter: $0)
        }
        var members = Self.defaultMembers
        var memberOf = Self.defaultMemberOf
        var nested = true
        var names: [AttributeName] = []
        if let node {
            guard let fields = fields(of: node, "\"groups\"", known: Self.groupsKeys) else { return nil }
            if let node = fields["where"] { filter = self.filter(node) }
            if let node = fields["members"] { members = attributeNames(node, "\"members\"") }
            if let node = fields["member_of"] { memberOf = attributeNames(node, "\"member_of\"") }
            if let node = fields["names"] { names = attributeNames(node, "\"names\"") }
            if let node = fields["nested"], let flag = boolean(node, "\"nested\"") { nested = flag }
        }
        guard let filter else { return nil }
        let attributes = members.map {
            GroupsRule.MemberAttribute(name: $0, holdsLogins: $0 == ("memberUid" as AttributeName))
        }
        return GroupsRule(filter: filter, members: attributes, memberOf: memberOf, names: names, nested: nested)
    }

    // MARK: Parts

    private mutating func matchRules(_ node: Node) -> [MatchRule] {
        guard let items = list(node, "\"match\"", mayBeEmpty: true) else { return [] }
        return items.compactMap { choice($0, "a rule in \"match\"", MatchRule.self) }
    }

    private mutating func authentication(_ node: Node) -> AuthenticationRule? {
        guard let fields = fields(of: node, "\"authentication\"", known: Self.authenticationKeys) else { return nil }
        let provider = fields["provider"].flatMap { textField($0, "\"provider\"") }
        let subject = fields["subject"].flatMap { textField($0, "\"subject\"") }
        let passwords = fields["password"].flatMap { self.passwords($0) }
        if fields.values.isEmpty, fields.mistyped.isEmpty {
            note(.missingKey, at: node, "\"authentication\" needs one of \(Self.listing(Self.authenticationKeys))")
        }
        return AuthenticationRule(provider: provider, subject: subject, passwords: passwords)
    }

    /// Attributes with hashes as LDAP has them, or `{keycloak: credentials}`.
    private mutating func passwords(_ node: Node) -> AuthenticationRule.Passwords? {
        guard case .mapping = node else { return .ldap(attributeNames(node, "\"password\"")) }
        guard let fields = fields(of: node, "\"password\"", known: ["keycloak"]), let list = required("keycloak", in: fields),
            let base = attributeNames(list, "\"keycloak\"").first
        else { return nil }
        return .keycloak(
            type: AttributeName("\(base).type"), secret: AttributeName("\(base).secretData"),
            data: AttributeName("\(base).credentialData"))
    }

    /// `suspend`, `keep`, or `{delete: {after: 30d}}`, which suspends first.
    private mutating func absence(_ node: Node) -> (AbsencePolicy, deleteAfter: Duration?) {
        guard case .mapping = node else { return (choice(node, "\"absent\"", AbsencePolicy.self) ?? .suspend, nil) }
        guard let fields = fields(of: node, "\"absent\"", known: ["delete"]), let delete = required("delete", in: fields),
            let after = self.fields(of: delete, "\"delete\"", known: ["after"]).flatMap({ required("after", in: $0) })
        else { return (.suspend, nil) }
        return (.suspend, duration(after, "\"after\"", in: .seconds(3_600) ... .seconds(3_660 * 86_400)))
    }

    private mutating func enabled(_ node: Node) -> PeopleRule.Enabled {
        var enabled = PeopleRule.Enabled()
        guard let fields = fields(of: node, "\"enabled\"", known: ["when", "unless"]) else { return enabled }
        if let node = fields["when"] { enabled.when = filter(node) }
        if let node = fields["unless"] { enabled.unless = filter(node) }
        if fields.values.isEmpty { note(.missingKey, at: node, "\"enabled\" needs \"when\", \"unless\" or both") }
        return enabled
    }

    private mutating func requiredField(_ node: Node, _ what: String, mayBeConstant: Bool) -> FieldMapping? {
        guard let mapping = textField(node, what) else { return nil }
        if mapping.whenMissing.mayKeep {
            note(.badValue, at: node, "\(what) must have a value; \"missing: keep\" is for other fields")
        }
        let isConstant = mapping.sources.contains { if case .constant = $0.origin { true } else { false } }
        if isConstant, !mayBeConstant { note(.badValue, at: node, "\(what) cannot be the same for everybody") }
        return mapping
    }

    /// A field whose constant, if it has one, is a text.
    mutating func textField(_ node: Node, _ what: String) -> FieldMapping? {
        guard let mapping = fieldMapping(node, what) else { return nil }
        for case .constant(let value) in mapping.sources.map(\.origin) {
            guard case .text(let text) = value, text.unicodeScalars.count <= 255 else {
                note(.wrongType, at: node, "the constant of \(what) must be a text of at most 255 characters")
                return nil
            }
        }
        return mapping
    }

    private mutating func customAttributes(_ node: Node) -> [(key: String, mapping: FieldMapping)] {
        guard case .mapping(let mapping) = node else {
            note(.wrongType, at: node, "\"custom_attributes\" must be a mapping, not \(Self.kind(node))")
            return []
        }
        var attributes: [(key: String, mapping: FieldMapping)] = []
        for (keyNode, value) in mapping {
            guard let key = text(keyNode, "a key in \"custom_attributes\""), !refusesMerge(key, at: keyNode) else { continue }
            if attributes.contains(where: { ByteOrder.isSame($0.key, key) }) {
                note(.duplicate, at: keyNode, "the key \"\(key)\" is given more than once in \"custom_attributes\"")
            }
            if let mapping = fieldMapping(value, "\"\(key)\"", isTyped: true) { attributes.append((key, mapping)) }
        }
        return attributes.sorted { ByteOrder.isLess($0.key, $1.key) }
    }

    private mutating func attributeNames(_ node: Node, _ what: String) -> [AttributeName] {
        guard let items = list(node, what) else { return [] }
        return items.compactMap { item in
            guard let text = scalar(item, "an attribute in \(what)")?.string else { return nil }
            guard let name = AttributeName(validating: text) else {
                note(.badMapping, at: item, "\"\(text)\" in \(what) is not the name of an attribute")
                return nil
            }
            return name
        }
    }

    /// An LDAP filter; mistakes in it are shown at their place in the document.
    mutating func filter(_ node: Node) -> FilterRule? {
        guard let scalar = scalar(node, "a filter") else { return nil }
        let text = scalar.string
        do throws(LDAPFilterError) {
            let filter = try LDAPFilter(parsing: text)
            return FilterRule(text: String(decoding: ArraySlice(text.utf8).trimmed, as: UTF8.self), filter: filter)
        } catch {
            let offset = text.prefix(max(0, error.column - 1)).utf8.count
            note(.badFilter, at: document.position(of: offset, in: scalar), "this is no LDAP filter: expected \(error.expected)")
            return nil
        }
    }
}
