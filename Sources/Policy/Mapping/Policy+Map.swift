// SPDX-License-Identifier: Apache-2.0

package import Intake

extension Policy {
    /// What the policy makes of an entry; a person's filter is tried before a group's.
    package func map(_ entry: borrowing Entry) -> Mapped {
        var names = NameCache(size: 0)
        return map(entry, names: &names)
    }

    /// What the policy makes of an entry, with names of groups remembered from entry to entry: for many entries.
    package func map(_ entry: borrowing Entry, names: inout NameCache) -> Mapped {
        do throws(EntryFault) {
            if people.filter.filter.matches(entry) { return .person(try person(from: entry, names: &names)) }
            if groups.filter.filter.matches(entry) { return .group(try group(from: entry, names: &names)) }
            return .ignored
        } catch {
            return .rejected(error)
        }
    }

    // MARK: People

    private func person(from entry: borrowing Entry, names: inout NameCache) throws(EntryFault) -> DesiredPerson {
        if entry.hasMissingValues {
            throw EntryFault(reason: .missingValues, message: "an attribute came in ranges of which some are missing")
        }
        guard let externalKey = try externalKey(of: entry) else {
            throw EntryFault(reason: .noID, message: "no immutable id in \(Self.listing(people.id))")
        }
        let dn = try normalisedDN(of: entry)
        let (groups, discovered) = try groupKeys(of: entry, name: dn, names: &names)
        var findings: [EntryFault] = []
        let passwordHash = passwordHash(of: entry, &findings)
        return DesiredPerson(
            externalKey: externalKey,
            dn: dn,
            loginName: loginName(of: entry),
            email: try email(of: entry),
            name: try name(of: entry),
            displayName: try people.displayName.flatMap { mapping throws(EntryFault) in
                try field(mapping, of: entry, "display_name", single: true, maximum: 255)
            },
            customAttributes: try customAttributes(of: entry),
            enabled: isEnabled(entry),
            groups: groups,
            authentication: try authentication(of: entry),
            passwordHash: passwordHash,
            findings: findings,
            discovered: discovered)
    }

    /// The immutable id of an entry that was rejected for something else, so that its person still counts as seen.
    package func externalKey(ofRejected entry: borrowing Entry) -> [UInt8]? {
        try? externalKey(of: entry)
    }

    func externalKey(of entry: borrowing Entry) throws(EntryFault) -> [UInt8]? {
        for attribute in people.id {
            guard let value = entry.first(attribute), !value.isEmpty else { continue }
            do throws(ExternalKey.Fault) {
                return try ExternalKey(value, of: attribute).bytes
            } catch .empty {
                continue
            } catch {
                throw EntryFault(reason: .unusableID, message: "the id in \(attribute) cannot be used (\(error.code))")
            }
        }
        return nil
    }

    /// The name by which groups name the entry, in the one spelling.
    func normalisedDN(of entry: borrowing Entry) throws(EntryFault) -> String? {
        if entry.names == .plain {
            guard let dn = entry.dn, !dn.isEmpty else { return nil }
            guard let name = GroupName.inPlainExport(ArraySlice(dn.utf8)) else {
                throw EntryFault(reason: .badDN, message: "the name cannot be read")
            }
            return name
        }
        var buffer: [UInt8] = []
        let isName = entry.withDN { dn in
            buffer.reserveCapacity(dn.count)
            return DistinguishedName.normalise(dn, into: &buffer)
        }
        guard let isName else { return nil }
        guard isName else { throw EntryFault(reason: .badDN, message: "the dn cannot be read") }
        return buffer.isEmpty ? nil : String(decoding: buffer, as: UTF8.self)
    }

    private func loginName(of entry: borrowing Entry) -> String? {
        for attribute in people.login {
            guard let value = entry.first(attribute), value.kind == .text else { continue }
            let trimmed = value.bytes.trimmed
            if !trimmed.isEmpty, !trimmed.contains(0) { return Self.lowercased(trimmed) }
        }
        return nil
    }

    private func email(of entry: borrowing Entry) throws(EntryFault) -> String {
        for source in people.email.sources {
            var found: ArraySlice<UInt8>? =
                switch source.origin {
                case .attribute(let name): Self.mailbox(entry, name)
                case .template(let template): template.expanded(with: entry).map { ArraySlice($0) }
                case .constant: nil
                }
            if let bytes = found, !source.steps.isEmpty {
                found = source.steps.applied(to: String(decoding: bytes, as: UTF8.self)).first.map { ArraySlice($0.utf8) }
            }
            guard let found else { continue }
            guard let email = EmailAddress.normalised(bytes: found) else {
                throw EntryFault(reason: .badEmail, message: "the value of \(source.description) is not an email")
            }
            return email
        }
        throw EntryFault(reason: .noEmail, message: "no email in \(people.email.description)")
    }

    /// The first value with text; of `proxyAddresses`, whose values begin with a protocol, the primary `SMTP:` one.
    private static func mailbox(_ entry: borrowing Entry, _ name: AttributeName) -> ArraySlice<UInt8>? {
        var first: ArraySlice<UInt8>?
        var primary: ArraySlice<UInt8>?
        entry.forEachValue(of: name) { value in
            let text = value.bytes.trimmed
            guard value.kind == .text, !text.isEmpty else { return }
            guard let colon = text.prefix(8).firstIndex(of: UInt8(ascii: ":")) else {
                if first == nil { first = text }
                return
            }
            let address = text[(colon + 1)...]
            if text[..<colon].elementsEqual("SMTP".utf8), primary == nil { primary = address }
            if text[..<colon].elementsEqual("smtp".utf8), first == nil { first = address }
        }
        return primary ?? first
    }

    private func name(of entry: borrowing Entry) throws(EntryFault) -> String {
        let value = try field(people.name, of: entry, "name", single: true, maximum: 255)
        guard case .text(let name) = value else {
            throw EntryFault(reason: .noName, message: "no name in \(people.name.description)")
        }
        return name
    }

    private func customAttributes(of entry: borrowing Entry) throws(EntryFault) -> [(key: String, value: FieldValue)] {
        guard !people.customAttributes.isEmpty else { return [] }
        var values: [(key: String, value: FieldValue)] = []
        values.reserveCapacity(people.customAttributes.count)
        for (key, mapping) in people.customAttributes {
            if let value = try field(mapping, of: entry, key, single: false, maximum: 65_536) { values.append((key, value)) }
        }
        return values
    }

    private func isEnabled(_ entry: borrowing Entry) -> Bool {
        if let when = people.enabled.when, !when.filter.matches(entry) { return false }
        if let unless = people.enabled.unless, unless.filter.matches(entry) { return false }
        return true
    }

    static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).lowercased()
    }

    static func listing(_ names: [AttributeName]) -> String { names.map(\.description).joined(separator: ", ") }
}
