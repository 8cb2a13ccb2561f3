// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A password hash that another system made, in the form in which it is stored here and verified at sign-in.
///
/// Known are bcrypt, salted SHA of LDAP directories (`{SSHA}`, `{SSHA256}`, `{SSHA384}`, `{SSHA512}`) and PBKDF2 with HMAC of
/// SHA-1, SHA-256 or SHA-512 as LDAP and Keycloak write it. What is stored is the text of bcrypt as it is, or
/// `$ssha256$salt$digest` and `$pbkdf2-sha256$i=27500$salt$digest` with base64 that has no padding (the PHC string format).
package struct ImportedPasswordHash: Sendable, Hashable {
    /// Why a hash is not taken.
    package enum Fault: String, Error, Sendable, CaseIterable {
        /// A kind that is not verified here: unsalted, MD5, the system's crypt, Argon2.
        case unsupported
        /// Not of the form that its kind has.
        case malformed
        /// It would occupy a thread for seconds: whoever can plant one could stop all sign-ins.
        case tooCostly

        /// The stable name of the fault.
        package var code: String { "password_hash." + rawValue }
    }

    /// What the hash is made of.
    enum Kind: Sendable, Hashable {
        case bcrypt
        case salted(HashAlgorithm, salt: [UInt8], digest: [UInt8])
        case pbkdf2(HashAlgorithm, iterations: Int, salt: [UInt8], digest: [UInt8])
    }

    /// As it is stored: a secret.
    package let text: String
    let kind: Kind

    /// More iterations are refused; OWASP asks for 600,000 of SHA-256 (2023), Keycloak 26 makes 210,000 of SHA-512.
    static let maximumIterations = 2_000_000

    init(_ kind: Kind, text: String) throws(Fault) {
        switch kind {
        case .bcrypt: break
        case .salted(let algorithm, let salt, let digest):
            guard digest.count == algorithm.length, (4...64).contains(salt.count) else { throw .malformed }
        case .pbkdf2(let algorithm, let iterations, let salt, let digest):
            guard iterations > 0, (16...128).contains(digest.count), (8...128).contains(salt.count) else { throw .malformed }
            let blocks = (digest.count + algorithm.length - 1) / algorithm.length
            guard iterations <= Self.maximumIterations / blocks else { throw .tooCostly }
        }
        self.kind = kind
        self.text = text
    }

    init(_ kind: Kind) throws(Fault) {
        let words: [String] =
            switch kind {
            case .bcrypt: []
            case .salted(let algorithm, let salt, let digest):
                ["s" + algorithm.ldapName, Base64Text.encode(salt), Base64Text.encode(digest)]
            case .pbkdf2(let algorithm, let iterations, let salt, let digest):
                ["pbkdf2-" + algorithm.rawValue, "i=\(iterations)", Base64Text.encode(salt), Base64Text.encode(digest)]
            }
        try self.init(kind, text: words.map { "$" + $0 }.joined())
    }

    /// Reads a stored text; nil where it is none of these kinds, or bcrypt.
    init?(stored text: String) {
        let words = text.split(separator: "$", omittingEmptySubsequences: false).dropFirst().map { String($0) }
        guard text.utf8.first == UInt8(ascii: "$"), let name = words.first else { return nil }
        let parsed: Kind?
        if words.count == 3, let algorithm = HashAlgorithm.allCases.first(where: { "s" + $0.ldapName == name }) {
            parsed = Base64Text.pair(words[1], words[2]).map { .salted(algorithm, salt: $0, digest: $1) }
        } else if words.count == 4, let algorithm = HashAlgorithm.allCases.first(where: { "pbkdf2-" + $0.rawValue == name }),
            words[1].hasPrefix("i="), let iterations = Int(words[1].dropFirst(2))
        {
            parsed = Base64Text.pair(words[2], words[3]).map { .pbkdf2(algorithm, iterations: iterations, salt: $0, digest: $1) }
        } else {
            return nil
        }
        guard let parsed, let made = try? Self(parsed, text: text) else { return nil }
        self = made
    }

    /// Reads a value of `userPassword`.
    ///
    /// `{SSHA}` and its sisters hold base64 of digest and salt; `{PBKDF2-SHA256}10000$salt$digest` writes base64 with `.` for `+`.
    package init(ldap value: some Collection<UInt8>) throws(Fault) {
        guard value.count <= 1024, let text = String(validating: value, as: UTF8.self) else { throw .unsupported }
        guard text.utf8.first == UInt8(ascii: "{") else {
            try self.init(bcrypt: text)
            return
        }
        guard let end = text.firstIndex(of: "}") else { throw .malformed }
        let scheme = text[..<end].dropFirst().uppercased()
        let rest = String(text[text.index(after: end)...])
        if scheme == "CRYPT" || scheme == "BCRYPT" {
            try self.init(bcrypt: rest)
        } else if let algorithm = HashAlgorithm.allCases.first(where: { "S" + $0.ldapName.uppercased() == scheme }) {
            guard let bytes = Base64Text.decode(rest), bytes.count > algorithm.length else { throw .malformed }
            let digest = Array(bytes[..<algorithm.length])
            try self.init(.salted(algorithm, salt: Array(bytes[algorithm.length...]), digest: digest))
        } else if let algorithm = HashAlgorithm(pbkdf2: scheme.lowercased()) {
            let words = rest.replacing(".", with: "+").split(separator: "$", omittingEmptySubsequences: false).map { String($0) }
            guard words.count == 3, let iterations = Int(words[0]), let (salt, digest) = Base64Text.pair(words[1], words[2])
            else { throw .malformed }
            try self.init(.pbkdf2(algorithm, iterations: iterations, salt: salt, digest: digest))
        } else {
            throw .unsupported
        }
    }

    private init(bcrypt text: String) throws(Fault) {
        guard text.hasPrefix("$2") else { throw .unsupported }
        guard Bcrypt.cost(of: text) != nil else { throw .malformed }
        try self.init(.bcrypt, text: text)
    }

    /// A short text that changes with the hash and says nothing about it, for comparing what was imported with what is there now.
    package var mark: String {
        var hex: [UInt8] = []
        let digits = Array("0123456789abcdef".utf8)
        for byte in Digest.sha256("muster imported password" + text).prefix(16) {
            hex += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: hex, as: UTF8.self)
    }

    /// Whether this takes no noticeable time to verify.
    var isFast: Bool { if case .salted = kind { true } else { false } }

    /// Whether the hash is that of a prepared password (ended by NUL). Not for bcrypt.
    func verify(_ password: SecretBytes) -> Bool {
        password.withUnsafeBytes { prepared in
            let password = UnsafeRawBufferPointer(rebasing: prepared.dropLast())
            switch kind {
            case .bcrypt: return false
            case .salted(let algorithm, let salt, let digest):
                return constantTimeEquals(algorithm.digest(of: password, salt: salt), digest)
            case .pbkdf2(let algorithm, let iterations, let salt, let digest):
                return constantTimeEquals(
                    algorithm.pbkdf2(password, salt: salt, iterations: iterations, length: digest.count), digest)
            }
        }
    }
}

extension ImportedPasswordHash: CustomStringConvertible, CustomReflectable {
    /// Never the hash.
    package var description: String { "ImportedPasswordHash(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
