// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What a backup says about itself: enough to refuse it before anything is changed. Nothing of it is secret.
package struct BackupManifest: Codable, Sendable, Hashable {
    /// The format of the file.
    package static let currentFormat = 1

    package var format = currentFormat
    /// The version of Muster that took it.
    package var muster: String
    /// The last migration of the database.
    package var schemaVersion: Int
    /// The major version of the server that it was taken from.
    package var postgres: Int
    /// The fingerprint of the master key that opens its data keys.
    package var masterFingerprint: String
    /// When its snapshot was taken; ISO 8601, UTC.
    package var createdAt: String

    enum CodingKeys: String, CodingKey {
        case format, muster, postgres
        case schemaVersion = "schema_version"
        case masterFingerprint = "master_fingerprint"
        case createdAt = "created_at"
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    init(decoding bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    init(muster: String, schemaVersion: Int, postgres: Int, masterFingerprint: String, createdAt: String) {
        self.muster = muster
        self.schemaVersion = schemaVersion
        self.postgres = postgres
        self.masterFingerprint = masterFingerprint
        self.createdAt = createdAt
    }
}
