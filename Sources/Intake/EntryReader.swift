// SPDX-License-Identifier: Apache-2.0

/// The formats of exports.
package enum EntryFormat: String, Sendable, CaseIterable {
    /// By the first byte that is no blank: a bracket is JSON, anything else LDIF.
    case detect
    /// What ldap3's `Connection.response_to_json` writes.
    case ldap3
    /// Content records of RFC 2849: ldapsearch, slapcat, ldifde.
    case ldif
}
