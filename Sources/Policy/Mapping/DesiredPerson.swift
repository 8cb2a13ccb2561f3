// SPDX-License-Identifier: Apache-2.0

package import Secrets

/// What a policy makes of one entry.
package enum Mapped: Sendable {
    /// A person, who becomes a user.
    case person(DesiredPerson)
    /// A group, whose members are read with `Policy.forEachMember(of:_:)`.
    case group(DesiredGroup)
    /// Neither a person nor a group by the policy's filters.
    case ignored
    /// A person or group that cannot be used: quarantined, the others go on.
    case rejected(EntryFault)
}

/// The user that a policy wants for a person.
package struct DesiredPerson: Sendable, Hashable {
    /// The immutable id in canonical bytes: the key of the link.
    package var externalKey: [UInt8]
    /// The name by which groups name their members, normalised: distinguished or plain; nil where the export has none.
    package var dn: String?
    /// The login name in lower case, by which `memberUid` names people.
    package var loginName: String?
    /// Trimmed and in lower case.
    package var email: String
    /// The user's name.
    package var name: String
    /// The display name: nil leaves it as it is, `.null` clears it.
    package var displayName: FieldValue?
    /// The custom attributes that the policy sets, by key in byte order; `.null` clears one, keys not here are left alone.
    package var customAttributes: [(key: String, value: FieldValue)]
    /// Whether the source says that the person is active.
    package var enabled: Bool
    /// Normalised names of groups and names of pseudo-groups, in byte order, each once; of the direct ones only.
    package var groups: [String]
    /// The identity provider and the person's id there, nil where the policy leaves both alone; a field that is nil is left alone.
    package var authentication: DesiredAuthentication?
    /// The password's hash to be stored, nil where the entry has none; of it, only a mark is part of the canonical JSON.
    package var passwordHash: ImportedPasswordHash?
    /// What is wrong with the entry without keeping the person from being used.
    package var findings: [EntryFault] = []
    /// Accounts and rules that this entry brings to light; no part of the canonical JSON.
    package var discovered = Discovered()

    package static func == (a: Self, b: Self) -> Bool {
        a.externalKey == b.externalKey && a.dn == b.dn && a.loginName == b.loginName && a.canonicalJSON == b.canonicalJSON
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(externalKey)
    }
}

/// How a person signs in elsewhere.
package struct DesiredAuthentication: Sendable, Hashable {
    /// The identity provider; nil leaves it as it is, `.null` clears it.
    package var provider: FieldValue?
    /// The person's id there; nil leaves it as it is, `.null` clears it.
    package var subject: FieldValue?
}

/// A group as an export has it.
package struct DesiredGroup: Sendable, Hashable {
    /// The normalised name, distinguished or plain.
    package var key: String
    /// The immutable id in canonical bytes, where the entry has one.
    package var externalKey: [UInt8]?
    /// The groups of which the group itself says to be a member, normalised, in byte order, each once.
    package var parents: [String]
    /// Whether all members are in the entry; if not, nothing may rest on a member's absence.
    package var isComplete: Bool
    /// Accounts and rules that this entry brings to light.
    package var discovered = Discovered()
}

/// A member as a group names it.
package enum GroupMember: Sendable, Hashable {
    /// By normalised name, distinguished or plain: a person or a group.
    case dn(String)
    /// By login name, in lower case: a person.
    case login(String)
}

/// Why the entry of a person or group cannot be used.
package struct EntryFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reasons, stable for programs.
    package enum Reason: String, Sendable, CaseIterable {
        /// None of the id attributes has a value.
        case noID = "no_id"
        /// The id cannot be read: a damaged GUID, for instance.
        case unusableID = "unusable_id"
        /// None of the e-mail's sources has a value.
        case noEmail = "no_email"
        /// The e-mail is none.
        case badEmail = "bad_email"
        /// None of the name's sources has a value.
        case noName = "no_name"
        /// A value is longer than its field.
        case tooLong = "too_long"
        /// A value contains U+0000, which cannot be stored.
        case nulCharacter = "nul_character"
        /// A value is not of the type that the policy states.
        case badValue = "bad_value"
        /// A password hash of a kind that cannot be verified, or a damaged one; the person goes on without it.
        case unusablePassword = "unusable_password"
        /// A group without distinguished name, or an unreadable one.
        case badDN = "bad_dn"
        /// An attribute came in parts of which some are missing.
        case missingValues = "missing_values"
    }

    /// The reason.
    package var reason: Reason
    /// The reason in words, with the attributes that were tried and never with their values.
    package var message: String

    /// The stable name of the reason.
    package var code: String { reason.rawValue }

    /// The message with its code.
    package var description: String { "\(message) (\(code))" }
}
