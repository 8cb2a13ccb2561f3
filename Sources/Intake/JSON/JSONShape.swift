// SPDX-License-Identifier: Apache-2.0

/// Tells the formats of JSON from each other by the first keys of a file, in whatever order they come.
///
/// Looks at no more than the first 256 KiB, and decides at the first key or value that only one format has; what is
/// decided depends on the bytes only, never on how they were cut.
struct JSONShape {
    /// What a file turned out to be.
    enum Verdict: Equatable {
        case ldap3
        case format(JSONFormat.Name)
    }

    /// The bytes that are looked at.
    static let reach = 1 << 18

    private var tokenizer = JSONTokenizer()
    /// The key, or nothing for a list, of each open bracket.
    private var path: [String?] = []
    private var key: String?
    private var isList: [Bool] = []
    private var seen: Set<String> = []
    private var verdict: Verdict?
    private var hasEnded = false

    /// The form of a named format that a file has, or the format where none is named; nothing where more of it must be seen.
    static func verdict(
        for format: EntryFormat, bytes: UnsafeRawBufferPointer, base: Int, isList: Bool, isLast: Bool
    ) throws(IntakeError) -> Verdict? {
        guard format != .ndjson else { return .format(.objects) }
        do {
            guard let found = try look(at: bytes, base: base, isLast: isLast) else { return nil }
            guard format != .detect else { return found }
            if case .format(let name) = found, name.family == format { return found }
        } catch {
            // A named format may be empty, or say too little of itself.
            guard format != .detect, error.code == .unknownShape else { throw error }
        }
        return .format(JSONFormat.Name.form(of: format, isList: isList))
    }

    /// What the file is, or nothing where more of it must be seen.
    ///
    /// - Parameters:
    ///   - bytes: the file from its first bracket's line on.
    ///   - isLast: whether these are all bytes of the file.
    /// - Throws: `IntakeError` where the JSON is broken before it is known, or is of no known format.
    static func look(at bytes: UnsafeRawBufferPointer, base: Int, isLast: Bool) throws(IntakeError) -> Verdict? {
        let isWhole = isLast && bytes.count <= reach
        let window = UnsafeRawBufferPointer(rebasing: bytes.prefix(reach))
        var shape = JSONShape()
        var index = 0
        while shape.verdict == nil, !shape.hasEnded {
            switch try shape.tokenizer.next(window, at: &index, base: base, isLast: isWhole) {
            case .end: shape.hasEnded = true
            case .needMore:
                guard bytes.count >= reach else { return nil }
                shape.hasEnded = true
            case .token(let token):
                let text =
                    token.isUnescaped
                    ? String(decoding: shape.tokenizer.scratch.prefix(200), as: UTF8.self)
                    : String(decoding: window[token.start..<min(token.end, token.start + 200)], as: UTF8.self)
                shape.take(token.kind, text)
            }
        }
        if let verdict = shape.verdict ?? shape.lastGuess() { return verdict }
        throw IntakeError(
            code: .unknownShape, position: Position(line: shape.tokenizer.line, byte: base + index),
            expected: "an export of ldap3, Keycloak, Microsoft Graph, PowerShell, SCIM, Okta or Google, or objects with a name "
                + "(\"id\", \"dn\", \"username\", \"email\" ...)",
            found: "another document")
    }

    private mutating func take(_ kind: JSONTokenizer.Kind, _ text: String) {
        switch kind {
        case .key: key = text
        case .beginObject, .beginArray:
            note(kind == .beginArray ? "[" : "{")
            path.append(isList.last == true ? "[]" : key)
            isList.append(kind == .beginArray)
            key = nil
        case .endObject, .endArray:
            path.removeLast()
            isList.removeLast()
            key = nil
            // The first object of the file, or of its list, is over.
            if path.isEmpty || (path.count == 1 && isList == [true] && kind == .endObject) { hasEnded = true }
        case .string, .number, .true, .false, .null: note(text)
        }
    }

    /// Takes a value (its text, or its bracket) and what its place says.
    private mutating func note(_ value: String) {
        guard path.count <= 4 else { return }
        var parts = path.dropFirst().compactMap(\.self)
        if isList.first == true, parts.isEmpty { parts = ["[]"] } else if let key { parts.append(key) }
        if isList.first != true || parts.first == "[]" {
            let place = parts.joined(separator: "/")
            seen.insert(place)
            verdict = verdict ?? decide(place, value)
        }
    }

    /// What a value at a place proves. `[]/x` is the key `x` of the first object of a list.
    private func decide(_ place: String, _ value: String) -> Verdict? {
        let item = place.hasPrefix("[]/") ? String(place.dropFirst(3)) : place
        let isBare = place != item
        switch place {
        case "entries": return .ldap3
        case "value" where value == "[": return .format(.graph)
        case "realm", "[]/realm": return .format(.keycloak)
        case "Resources", "totalResults", "Operations": return .format(.scim)
        case "users/[]/username", "groups/[]/path", "groups/[]/subGroups", "[]/users/[]/username": return .format(.keycloak)
        case "users/[]/primaryEmail", "members/[]/role", "[]/users/[]/primaryEmail": return .format(.google)
        default: break
        }
        if place.hasPrefix("@odata.") { return .format(.graph) }
        if value.hasPrefix("urn:ietf:params:scim:api:messages:2.0:"), place.hasPrefix("schemas") { return .format(.scim) }
        if value.hasPrefix("urn:ietf:params:scim:schemas:core:2.0:"), item.hasPrefix("schemas") { return .format(.scimItems) }
        if value.hasPrefix("admin#directory#") { return .format(googleForm(place, value)) }
        switch item {
        case "DistinguishedName", "SamAccountName", "AddedProperties": return .format(.powershell)
        case "primaryEmail", "groupKey", "directMembersCount": return .format(.googleItems)
        case "_links", "lastMembershipUpdated": return .format(.okta)
        case "profile/login" where isBare: return .format(.okta)
        case "userPrincipalName" where isBare && seen.contains("[]/id"), "@odata.type": return .format(.graphItems)
        case "id" where isBare && seen.contains("[]/userPrincipalName"): return .format(.graphItems)
        default: break
        }
        if place.hasSuffix("/[]/preferredMemberKey") { return .format(.googleMembers) }
        return ldap3(place, value)
    }

    private func googleForm(_ place: String, _ value: String) -> JSONFormat.Name {
        if value.hasSuffix("#member"), place != "members/[]/kind" { return place == "[]/kind" ? .googleItems : .googleMembers }
        return place == "[]/kind" && !value.hasSuffix("s")
            ? .googleItems : place == "kind" && !value.hasSuffix("s") ? .googleItems : .google
    }

    private func ldap3(_ place: String, _ value: String) -> Verdict? {
        for item in ["", "[]/"] {
            if seen.contains(item + "dn"), place == item + "attributes", value == "{" { return .ldap3 }
            if seen.contains(item + "attributes"), place == item + "dn" { return .ldap3 }
        }
        // A list under the name of a group.
        return place.hasPrefix("[]/") && place.hasSuffix("/[]/attributes") && value == "{" ? .ldap3 : nil
    }

    /// The first object is over, or too long, and nothing in it is of one format only.
    private func lastGuess() -> Verdict? {
        for item in ["", "[]/"] {
            if JSONFormat.plainNames.contains(where: { seen.contains(item + $0) }) { return .format(.objects) }
            if seen.contains(item + "attributes") { return .ldap3 }
            if seen.contains(item + "users"), seen.contains(item + "groups") { return .format(.keycloak) }
        }
        return nil
    }
}
