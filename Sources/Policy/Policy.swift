// SPDX-License-Identifier: Apache-2.0

package import Intake

/// A policy: how the entries of one source become users, accounts and roles, and within which limits.
///
/// Read once from YAML (`init(yaml:file:)`), never changed; everything that an entry needs is compiled by then.
/// Every key of the document is described in `Policies/README.md`.
package struct Policy: Sendable {
    /// The unique name of the policy (`policy:`).
    package let name: String
    /// The Platform App that owns what the policy makes (`platform_app:`).
    package let platformApp: String
    /// The identity namespace to which immutable ids belong (`source:`).
    package let source: String
    /// Where exports come from (`read:`).
    package let read: ReadRule
    /// Who is a person, and how a person becomes a user (`people:`).
    package let people: PeopleRule
    /// What is a group, and how membership is read (`groups:`).
    package let groups: GroupsRule
    /// The accounts with their members (`accounts:`).
    package let accounts: [AccountRule]
    /// Rules that make an account for each group, unit or value (items of `accounts:` with `each:`).
    package let eachAccounts: [EachAccountRule]
    /// The limits (`guards:`).
    package let guards: Guards
    /// How runs go about their work.
    package let operation: OperationRules
    /// Of policies that name one field of one user, the one of the highest precedence sets it (`precedence:`, default 0).
    package let precedence: Int
    /// The file from which the policy was read, as it was named.
    package let file: String
    /// Canonical text of what the policy makes of entries: the same text means the same users, accounts and roles.
    ///
    /// Comments, order of keys, defaults written out, `read:`, `guards:` and the name of the policy do not change it.
    package let fingerprint: String

    /// Where the document states the name.
    let namePosition: DocumentPosition
    /// What `map` uses for each entry.
    let compiled: CompiledRules
}

/// Where the exports of a policy come from (`read:`).
package struct ReadRule: Sendable, Hashable {
    /// What has to lie beside each export.
    package enum Manifest: String, Sendable, Hashable, CaseIterable {
        /// `FILE.manifest.json` counts where it is there.
        case optional
        /// An export without it is refused.
        case required
        /// An export without it, or whose manifest is not signed by the policy's key, is refused.
        case signed
    }

    /// The files, watched by `muster serve`; empty where exports come by command or API only (`files:`).
    package var files: [FilePattern] = []
    /// The files that tell what changed since the last full export, watched as well (`changes:`).
    package var changes: [FilePattern] = []
    /// How long the last read is kept (`keep:`, default 30 days); nil is not at all.
    package var keep: Duration? = .seconds(30 * 86_400)
    /// The format (`format:`, default `auto`, which is `.detect`).
    package var format = EntryFormat.detect
    /// The encoding of the text (`encoding:`); nil finds out.
    package var encoding: TextEncoding?
    /// How rows are meant (`csv:`).
    package var csv = CSVOptions()

    /// What has to lie beside each export (`manifest:`).
    package var manifest = Manifest.optional
    /// The Ed25519 key by which manifests are signed, 32 bytes (`public_key:`); there where they must be.
    package var publicKey: [UInt8]?

    /// No files, any format.
    package init() {}

    /// All of that in the words of the readers.
    package var exportOptions: ExportOptions {
        var options = ExportOptions(format: format)
        options.encoding = encoding
        options.csv = csv
        options.manifest.isRequired = manifest != .optional
        options.manifest.publicKey = manifest == .signed ? publicKey : nil
        return options
    }
}

/// How an entry without a link finds a user that exists already (an item of `match:`).
package enum MatchRule: String, Sendable, Hashable, CaseIterable {
    /// The user with the same e-mail.
    case email
}

/// Who is a person, and how a person becomes a user (`people:`).
package struct PeopleRule: Sendable {
    /// When a person's user is enabled (`enabled:`).
    package struct Enabled: Sendable {
        /// Enabled only where this filter applies (`when:`).
        package var when: FilterRule?
        /// Disabled where this filter applies (`unless:`).
        package var unless: FilterRule?
    }

    /// Which entries are people (`where:`).
    package let filter: FilterRule
    /// The attributes that can hold the immutable id, tried in order (`id:`).
    package let id: [AttributeName]
    /// The attributes that can hold the login name by which `memberUid` names people, tried in order (`login:`).
    package let login: [AttributeName]
    /// How a user that exists already is found (`match:`, default by e-mail; `[]` is never).
    package let match: [MatchRule]
    /// The user's e-mail (`email:`).
    package let email: FieldMapping
    /// The user's name (`name:`).
    package let name: FieldMapping
    /// The user's display name (`display_name:`), nil where the policy leaves it alone.
    package let displayName: FieldMapping?
    /// The user's custom attributes by key (`custom_attributes:`); other keys are left alone.
    package let customAttributes: [(key: String, mapping: FieldMapping)]
    /// When the user is enabled (`enabled:`).
    package let enabled: Enabled
    /// How the person signs in elsewhere, and which password is imported (`authentication:`).
    package let authentication: AuthenticationRule?
    /// What happens to the user when the person vanished from the export (`absent:`); who is to be deleted is suspended first.
    package let absent: AbsencePolicy
    /// How long after that a user is deleted who did not come back (`absent: {delete: {after: 30d}}`); nil is never.
    package let deleteAfter: Duration?
}

/// What is a group, and how membership is read (`groups:`).
package struct GroupsRule: Sendable {
    /// An attribute that lists members.
    package struct MemberAttribute: Sendable, Hashable {
        /// Its name.
        package let name: AttributeName
        /// Whether the values are login names (`memberUid`) and not distinguished names.
        package let holdsLogins: Bool
    }

    /// Which entries are groups (`where:`).
    package let filter: FilterRule
    /// The attributes of a group that name its members (`members:`).
    package let members: [MemberAttribute]
    /// The attributes of a person or group that name its groups (`member_of:`).
    package let memberOf: [AttributeName]
    /// The attributes of a group that hold other names by which the policy may name it (`names:`).
    package let names: [AttributeName]
    /// Whether the members of a group's groups are members (`nested:`).
    package let nested: Bool
}

/// An LDAP filter with its text.
package struct FilterRule: Sendable {
    /// As the policy has it, without blanks around it.
    package let text: String
    /// The compiled filter.
    package let filter: LDAPFilter
}

/// A place in a policy document, counted from 1.
struct DocumentPosition: Sendable, Hashable {
    var line: Int
    var column: Int
}
