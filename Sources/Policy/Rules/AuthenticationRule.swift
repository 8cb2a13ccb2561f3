// SPDX-License-Identifier: Apache-2.0

package import Intake

/// How a person proves who he is, elsewhere and here (`authentication:`).
package struct AuthenticationRule: Sendable {
    /// Where password hashes stand.
    package enum Passwords: Sendable, Hashable {
        /// In attributes as LDAP has them (`userPassword`), tried in order.
        case ldap([AttributeName])
        /// In a list of credentials as Keycloak has it (`{keycloak: credentials}`).
        case keycloak(type: AttributeName, secret: AttributeName, data: AttributeName)
    }

    /// The identity provider that knows the person (`provider:`).
    package let provider: FieldMapping?
    /// The person's id there (`subject:`).
    package let subject: FieldMapping?
    /// Where password hashes stand (`password:`); nil imports none.
    package let passwords: Passwords?
}
