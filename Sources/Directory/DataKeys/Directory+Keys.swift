// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

extension Directory {
    /// The data keys known now.
    var keyring: Keyring { keys.keyring }

    /// The number of the data key that new tokens are made with.
    package var currentKeyID: Int32 { keyring.currentID }

    /// Makes the key of a presented token known, where it is newer than all that are known here.
    ///
    /// Forged numbers cost the database one small query a second at most; see ``Lookout``.
    package func learnKey(of token: String) async {
        guard let id = AccessToken.keyID(of: token), isNews(id) else { return }
        await keys.lookout.look { _ = try? await refreshKeys() }
    }

    /// Makes the keys known that rows name: another program may have made what they hold with a key that is new.
    func learnKeys(of rows: PostgresRows) async {
        guard !rows.isEmpty else { return }
        for name in Self.keyColumns {
            guard let column = rows.column(name) else { continue }
            // A statement answers with what was made lately or long ago, so every row counts; keys not known here are rare.
            let isAnyNew = rows.contains { row in
                guard case .some(.some(let id)) = try? row.decode(Int32?.self, at: column) else { return false }
                return isNews(id)
            }
            if isAnyNew { _ = try? await refreshKeys() }
        }
    }

    /// How columns are called that say with which data key something was made.
    private static let keyColumns = ["key_id", "token_key", "totp_key_id"]

    /// Keys are numbered in the order in which they come to be, and all were known when the process began.
    private func isNews(_ id: Int32) -> Bool {
        let keyring = keyring
        return !keyring.holds(id) && id > (keyring.keyIDs.last ?? 0)
    }

    /// Looks which data keys there are, and opens those that are new.
    ///
    /// - Returns: whether anything is different now.
    /// - Throws: ``DataKeyError/notOpened`` when the master key at hand does not open a key; else what the database throws.
    @discardableResult
    package func refreshKeys() async throws -> Bool {
        let known = keyring.keyIDs
        let rows = try await run(
            """
            select id, case when id <> all (\(known)) then wrapped end as wrapped, retired_at is null as live
            from data_keys order by id
            """)
        var wrapped: [(id: Int32, bytes: [UInt8])] = []
        var currentID = keyring.currentID
        for row in rows {
            let id = try row.decode(Int32.self, "id")
            if let bytes = try row.decode([UInt8]?.self, "wrapped") { wrapped.append((id, bytes)) }
            if try row.decode(Bool.self, "live") { currentID = id }
        }
        var opened: [DataKey] = []
        if !wrapped.isEmpty {
            do {
                let master = try await keys.master()
                for (id, bytes) in wrapped { opened.append(try DataKey.unwrap(bytes, id: id, with: master)) }
            } catch {
                throw DataKeyError.notOpened("\(error)")
            }
        }
        return try keys.add(opened, currentID: currentID)
    }
}
