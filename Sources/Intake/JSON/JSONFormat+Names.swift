// SPDX-License-Identifier: Apache-2.0

extension JSONFormat.Name {
    /// The format as it is named in a policy.
    var family: EntryFormat {
        switch self {
        case .keycloak: .keycloak
        case .graph, .graphItems: .graph
        case .powershell: .powershell
        case .scim, .scimItems: .scim
        case .okta: .okta
        case .google, .googleItems, .googleMembers: .google
        case .objects: .ndjson
        }
    }

    /// The form of a format that a file has which says no more than whether it is a list.
    static func form(of format: EntryFormat, isList: Bool) -> Self {
        switch format {
        case .keycloak: .keycloak
        case .graph: isList ? .graphItems : .graph
        case .powershell: .powershell
        case .scim: isList ? .scimItems : .scim
        case .okta: .okta
        case .google: isList ? .googleItems : .google
        case .detect, .ldap3, .ldif, .csv, .ndjson: .objects
        }
    }
}

extension EntryFormat {
    /// Whether exports of the format name their groups themselves, always.
    var namesItsGroups: Bool { self == .keycloak || self == .scim }
}
