// SPDX-License-Identifier: Apache-2.0

import Intake
import Secrets

extension Policy {
    func authentication(of entry: borrowing Entry) throws(EntryFault) -> DesiredAuthentication? {
        guard let rule = people.authentication, rule.provider != nil || rule.subject != nil else { return nil }
        var made = DesiredAuthentication()
        if let mapping = rule.provider { made.provider = try field(mapping, of: entry, "provider", single: true, maximum: 255) }
        if let mapping = rule.subject { made.subject = try field(mapping, of: entry, "subject", single: true, maximum: 255) }
        return made
    }

    /// The first hash that can be verified later; a finding where there are hashes and none can be.
    func passwordHash(of entry: borrowing Entry, _ findings: inout [EntryFault]) -> ImportedPasswordHash? {
        var fault: ImportedPasswordHash.Fault?
        var hash: ImportedPasswordHash?
        let what: String
        switch people.authentication?.passwords {
        case nil: return nil
        case .ldap(let names):
            what = Self.listing(names)
            for name in names where hash == nil {
                entry.forEachValue(of: name) { value in
                    guard hash == nil, !value.isEmpty else { return }
                    do throws(ImportedPasswordHash.Fault) { hash = try ImportedPasswordHash(ldap: value.bytes) } catch {
                        fault = error
                    }
                }
            }
        case .keycloak(let type, let secret, let data):
            what = data.description
            guard let (secret, data) = Self.password(of: entry, type, secret, data), !secret.isEmpty else { return nil }
            do throws(ImportedPasswordHash.Fault) {
                hash = try ImportedPasswordHash(keycloakSecret: secret, data: data)
            } catch { fault = error }
        }
        if hash == nil, let fault {
            findings.append(
                EntryFault(reason: .unusablePassword, message: "the password hash in \(what) cannot be used (\(fault.code))"))
        }
        return hash
    }

    /// The password among several credentials: the one of that type where each has its three values, else the only one.
    private static func password(
        of entry: borrowing Entry, _ type: AttributeName, _ secret: AttributeName, _ data: AttributeName
    ) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        let types = entry.values(of: type)
        let secrets = entry.values(of: secret)
        let parts = entry.values(of: data)
        guard secrets.count == parts.count else { return nil }
        let index =
            types.count == secrets.count
            ? types.firstIndex { $0.bytes.elementsEqual("password".utf8) }
            : secrets.count == 1 ? parts.firstIndex { ImportedPasswordHash.isKeycloakPassword(data: $0.bytes) } : nil
        return index.map { (secrets[$0].bytes, parts[$0].bytes) }
    }
}
