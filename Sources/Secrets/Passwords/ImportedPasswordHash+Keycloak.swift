// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

extension ImportedPasswordHash {
    /// Reads a credential of a Keycloak realm export, whose two parts are JSON inside texts.
    ///
    /// - Parameters:
    ///   - secret: `secretData`: `{"value":"…","salt":"…"}`, both in base64.
    ///   - data: `credentialData`: `{"hashIterations":27500,"algorithm":"pbkdf2-sha256"}`.
    package init(keycloakSecret secret: some Collection<UInt8>, data: some Collection<UInt8>) throws(Fault) {
        let decoder = JSONDecoder()
        guard secret.count <= 4096, data.count <= 4096,
            let secret = try? decoder.decode(KeycloakSecret.self, from: Data(secret)),
            let data = try? decoder.decode(KeycloakData.self, from: Data(data))
        else { throw .malformed }
        guard let algorithm = HashAlgorithm(pbkdf2: data.algorithm) else { throw .unsupported }
        guard let salt = Base64Text.decode(secret.salt), let digest = Base64Text.decode(secret.value) else { throw .malformed }
        try self.init(.pbkdf2(algorithm, iterations: data.hashIterations, salt: salt, digest: digest))
    }

    /// Whether a `credentialData` is that of a password.
    package static func isKeycloakPassword(data: some Collection<UInt8>) -> Bool {
        (try? JSONDecoder().decode(KeycloakData.self, from: Data(data))) != nil
    }
}

private struct KeycloakSecret: Decodable {
    var value: String
    var salt: String
}

private struct KeycloakData: Decodable {
    var algorithm: String
    var hashIterations: Int
}
