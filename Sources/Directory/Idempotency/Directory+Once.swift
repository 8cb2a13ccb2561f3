// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

extension Directory {
    /// Carries out a call once, however often it is sent within 24 hours.
    ///
    /// The statements of `execute` and the note that it was carried out are one transaction: a crash leaves both or neither.
    /// A call that fails changes nothing, is not noted, and may be tried again under the same key. Only an object's id is
    /// kept, so a repeated answer shows the object as it is now.
    ///
    /// - Parameters:
    ///   - reference: the id of the object that the answer shows.
    ///   - replay: finds that object again for the caller it is given, which needs the scopes of the call; must not write.
    /// - Throws: ``DirectoryError/inProgress`` while another sender of the key is at work; ``DirectoryError/invalid(_:)`` when
    ///   the key was used for another call; what `execute` and `replay` throw.
    nonisolated(nonsending) package func once<Object>(
        _ call: KeyedCall, by caller: Caller, reference: (Object) -> Int64?,
        replay: nonisolated(nonsending) (Int64?, Caller) async throws -> Object,
        execute: nonisolated(nonsending) () async throws -> Object
    ) async throws -> Object {
        let key = Digest.sha256(call.key)
        let outcome: Outcome<Object> = try await transaction { connection in
            if let earlier = try await claim(call, key, connection, caller) {
                return .replay(try earlier.decode(Int64?.self, "object_id"))
            }
            let object = try await CallTransaction.$connection.withValue(connection) { try await execute() }
            try await note(call, key, object: reference(object), connection, caller)
            return .executed(object)
        }
        switch outcome {
        case .executed(let object): return object
        case .replay(let id): return try await replay(id, caller.repeating)
        }
    }

    private enum Outcome<Object> {
        case executed(Object)
        case replay(Int64?)
    }

    /// Takes the key for this transaction; gives the note of what was carried out under it, or is.
    nonisolated(nonsending) func claim(
        _ call: KeyedCall, _ key: [UInt8], _ connection: PostgresConnection, _ caller: Caller
    ) async throws -> PostgresRow? {
        guard let row = try await connection.query(IdempotencyStatements.lock(key, caller: caller)).first else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Bool.self, "locked") else { throw DirectoryError.inProgress }
        guard let earlier = try await connection.query(IdempotencyStatements.find(key, caller: caller)).first else { return nil }
        let code = try earlier.decode([UInt8].self, "content")
        guard keyring.isContentCode(code, keyID: try earlier.decode(Int32.self, "key_id"), of: call.content) else {
            throw KeyedCall.reused
        }
        return earlier
    }

    /// Notes in this transaction what was carried out under the key, or who is about to carry it out.
    nonisolated(nonsending) func note(
        _ call: KeyedCall, _ key: [UInt8], object: Int64? = nil, lease: Lease? = nil, _ connection: PostgresConnection,
        _ caller: Caller
    ) async throws {
        let content = keyring.contentCode(call.content)
        let note = IdempotencyStatements.store(
            key, content: content.code, keyID: content.keyID, object: object, lease: lease, caller: caller)
        guard try await connection.query(note).first != nil else { throw DirectoryError.invalidAccessToken }
    }
}
