// SPDX-License-Identifier: Apache-2.0

/// What must not be kept of an entry: hashes of passwords and what else opens doors.
///
/// Known by the names of attributes (those of the usual directories, and those that a policy reads hashes from), and by the
/// form of values (`{SSHA}…`, `$2b$…`), under whatever name they stand. A sealed value is kept as an empty text, so that it is
/// known to be there and says nothing.
package struct SealedAttributes: Sendable {
    /// Of LDAP directories, Samba, Kerberos, PowerShell, SCIM, Google and Graph.
    private static let known: [AttributeName] = [
        "userPassword", "unicodePwd", "authPassword", "userPKCS12", "dBCSPwd", "ntPwdHistory", "lmPwdHistory", "pwdHistory",
        "passwordHistory", "supplementalCredentials", "sambaNTPassword", "sambaLMPassword", "sambaPasswordHistory", "ipaNTHash",
        "ipaNTSecurity", "krbPrincipalKey", "krbExtraData", "krbPwdHistory", "krb5Key", "msDS-ManagedPassword", "ms-Mcs-AdmPwd",
        "msLAPS-Password", "msLAPS-EncryptedPassword", "msLAPS-EncryptedPasswordHistory", "goSuPasswordHash", "nsRoleSecret",
        "ipatokenOTPkey", "password", "passwordHash", "hashedPassword", "passwordProfile.password", "secretData",
    ]
    /// What begins so is sealed, what continues in one of these ways is not.
    private static let list: StaticString = "credentials."
    private static let open: [StaticString] = ["credentials.provider", "credentials.type", "credentials.userlabel"]
    private static let schemes = [
        "SSHA", "SHA", "SMD5", "MD5", "CRYPT", "BCRYPT", "PBKDF2", "ARGON2", "SCRYPT", "BLF-CRYPT", "SHA512-CRYPT",
        "SHA256-CRYPT",
        "NTLM", "LANMAN", "CLEAR", "PLAIN", "X-",
    ].map { Array($0.utf8) }
    private static let prefixes = [
        "$1$", "$2", "$5$", "$6$", "$7$", "$y$", "$gy$", "$argon2", "$pbkdf2", "$scrypt", "$sha1", "$apr1$", "$md5",
    ]
    .map { Array($0.utf8) }

    private let names: [UInt64: [AttributeName]]

    /// - Parameter more: attributes that a policy reads hashes from.
    package init(besides more: [AttributeName] = []) {
        names = Dictionary(grouping: Self.known + more, by: \.key)
    }

    /// Whether everything under this name is sealed.
    func seals(_ name: UnsafeRawBufferPointer, key: UInt64) -> Bool {
        if isNamed(name, key: key) { return true }
        if let end = name.firstIndex(of: NameForm.semicolon) {
            let plain = UnsafeRawBufferPointer(rebasing: name[..<end])
            return isNamed(plain, key: NameForm.key(plain))
        }
        guard Self.begins(name, Self.list) else { return false }
        return !Self.open.contains { Self.begins(name, $0) }
    }

    private func isNamed(_ name: UnsafeRawBufferPointer, key: UInt64) -> Bool {
        names[key]?.contains { known in known.folded.withUnsafeBytes { NameForm.equal(name, $0) } } ?? false
    }

    private static func begins(_ name: UnsafeRawBufferPointer, _ prefix: StaticString) -> Bool {
        guard name.count >= prefix.utf8CodeUnitCount else { return false }
        return prefix.bytes.elementsEqual(name.prefix(prefix.utf8CodeUnitCount)) { $0 == NameForm.lower($1) }
    }

    /// Whether a value has the form of a password's hash.
    static func isHash(_ value: UnsafeRawBufferPointer) -> Bool {
        switch value.first {
        case UInt8(ascii: "{"):
            let scheme = value.dropFirst().prefix(24)
            guard scheme.contains(UInt8(ascii: "}")) else { return false }
            return schemes.contains { known in
                scheme.count >= known.count
                    && known.elementsEqual(scheme.prefix(known.count)) { NameForm.lower($0) == NameForm.lower($1) }
            }
        case UInt8(ascii: "$"): return prefixes.contains { value.starts(with: $0) }
        default: return false
        }
    }
}
