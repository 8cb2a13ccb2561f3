// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

extension Directory {
    /// Carries out a call that is several transactions once, however often it is sent within 24 hours.
    ///
    /// The key is noted first, under a lease that is renewed for as long as the call takes; the answer is noted when the call is
    /// done. Whoever dies in between loses the lease, and the next sender carries the call out again. Hence for calls only that
    /// say what shall be, and so do nothing the second time. What fails is not noted.
    ///
    /// - Parameters:
    ///   - note: what is kept of the answer, JSON without secrets; nil when it shall be found out anew.
    ///   - replay: makes the answer of it, for whose token reaches as far as the call; must not write.
    /// - Throws: ``DirectoryError/inProgress`` while another sender of the key is at work; ``DirectoryError/invalid(_:)`` when
    ///   the key was used for another call; what `execute` throws.
    nonisolated(nonsending) package func onceInSteps<Answer>(
        _ call: KeyedCall, by caller: Caller, note: (Answer) -> String?,
        replay: nonisolated(nonsending) (String) async throws -> Answer,
        execute: nonisolated(nonsending) () async throws -> Answer
    ) async throws -> Answer {
        let key = Digest.sha256(call.key)
        let lease = Lease(length: call.lease)
        if let earlier = try await begin(call, key, lease, caller) { return try await replay(earlier) }
        async let _ = hold(key, lease, every: call.renewal, caller)
        let answer: Answer
        do {
            answer = try await execute()
        } catch {
            _ = try? await postgres.execute(IdempotencyStatements.release(key, lease, caller: caller))
            throw error
        }
        // It is done, whether or not this can be noted: without a note it would be done again, to no effect.
        let end =
            note(answer).map { IdempotencyStatements.finish(key, lease, answer: PostgresJSON($0), caller: caller) }
            ?? IdempotencyStatements.release(key, lease, caller: caller)
        _ = try? await postgres.execute(end)
        return answer
    }

    /// Takes the key, or gives the answer that was noted under it.
    nonisolated(nonsending) private func begin(
        _ call: KeyedCall, _ key: [UInt8], _ lease: Lease, _ caller: Caller
    ) async throws -> String? {
        try await transaction { connection in
            if let earlier = try await claim(call, key, connection, caller) {
                if let answer = try earlier.decode(PostgresJSON?.self, "answer") { return answer.text }
                guard try !earlier.decode(Bool.self, "held") else { throw DirectoryError.inProgress }
            }
            try await note(call, key, lease: lease, connection, caller)
            return nil
        }
    }

    /// Renews the lease until it is cancelled or the lease is lost.
    private func hold(_ key: [UInt8], _ lease: Lease, every period: Duration, _ caller: Caller) async {
        while (try? await Task.sleep(for: period)) != nil {
            // Whether the lease still stands when the database was away shows when it is back.
            let renewed = try? await postgres.execute(IdempotencyStatements.renew(key, lease, caller: caller))
            if renewed == 0 { return }
        }
    }
}
