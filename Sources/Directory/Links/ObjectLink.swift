// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The memory that an entry of a source is this object, as operators see it.
package struct ObjectLink: Sendable {
    package let sourceID: Int64
    package let source: String
    /// The app that the source works for.
    package let appID: Int64
    package let appName: String
    /// The policy that saw the entry last.
    package let policy: String
    /// The immutable id that the source knows the object by.
    package let externalID: String
    /// The run that saw the entry last, and when it was.
    package let lastRunID: Int64?
    package let lastSeenAt: Timestamp?

    /// An external key for people: a GUID in lower case with hyphens, text as it is, other bytes in hexadecimal; its tags are
    /// those of `ExternalKey` in `Intake`.
    static func text(ofKey key: [UInt8]) -> String {
        if let account = accountKey(key) { return account }
        let payload = key.dropFirst()
        let digits = payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        switch key.first {
        case 1 where payload.count == 16:
            let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
            return groups.joined(separator: "-")
        case 2, 3, 5: return String(decoding: payload, as: UTF8.self)
        default: return digits.joined()
        }
    }

    /// The key of a policy's account; nil for the key of anything else.
    static func accountKey(_ key: [UInt8]) -> String? {
        let prefix = Array("account:".utf8)
        return key.starts(with: prefix) ? String(decoding: key.dropFirst(prefix.count), as: UTF8.self) : nil
    }
}

/// The links of objects to the sources that know them; for operators.
package struct LinkStore: Sendable {
    let directory: Directory

    /// What knows an object, by source.
    package func list(of kind: ObjectKind, _ id: Int64, by caller: Caller) async throws -> [ObjectLink] {
        let rows = try await directory.rows(LinkStatements.list(kind, id, caller: caller))
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap { row in
            guard let source = try row.decode(Int64?.self, "source_id") else { return nil }
            return ObjectLink(
                sourceID: source, source: try row.decode(String.self, "source"), appID: try row.decode(Int64.self, "app_id"),
                appName: try row.decode(String.self, "app"), policy: try row.decode(String.self, "policy"),
                externalID: ObjectLink.text(ofKey: try row.decode([UInt8].self, "external_key")),
                lastRunID: try row.decode(Int64?.self, "last_seen_run"), lastSeenAt: try row.optionalTimestamp("last_seen_at"))
        }
    }
}
