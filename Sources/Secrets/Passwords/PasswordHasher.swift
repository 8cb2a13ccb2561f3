// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Synchronization

/// Hashes passwords by bcrypt and verifies them by that and by what other systems made, on threads of its own.
///
/// Half of the processors at most are occupied, so that requests without a password are answered while many people sign in.
package final class PasswordHasher: Sendable {
    /// The cost of new hashes, unless told otherwise.
    package static let defaultCost = 11

    private let cost: Int
    private let pool: BoundedThreadPool
    /// What a password is compared with when there is no hash, so that the time does not tell whether the user exists.
    private let decoy: String
    private let started = Atomic<Int>(0)

    /// A hasher whose threads run at once.
    package init(cost: Int = defaultCost, threads: Int = defaultThreads, queueLimit: Int = 64) {
        precondition((4...Bcrypt.maximumCost).contains(cost), "the cost of bcrypt is 4 to \(Bcrypt.maximumCost)")
        self.cost = cost
        pool = BoundedThreadPool(threads: threads, queueLimit: queueLimit)
        decoy = Bcrypt.setting(cost: cost) + String(repeating: ".", count: 31)
    }

    /// Half of the processors, at least one.
    package static var defaultThreads: Int { max(1, ProcessInfo.processInfo.activeProcessorCount / 2) }

    /// How many passwords wait for a thread.
    package var queued: Int { pool.queued }

    /// How many passwords were hashed or compared since the start: what sign-ins cost, apart from how long it took.
    package var work: Int { started.load(ordering: .relaxed) }

    /// A new `$2b$` hash of the password with a random salt.
    ///
    /// - Throws: `PasswordError`, or `CancellationError` when the task was cancelled before the work began.
    package func hash(_ password: String) async throws -> String {
        let prepared = try Bcrypt.prepare(password)
        let cost = cost
        return try await run { Libcrypto.required(Bcrypt.hash(prepared, setting: Bcrypt.setting(cost: cost)), "bcrypt") }
    }

    /// Whether the hash is that of the password; without a hash false, after the same time.
    ///
    /// - Throws: `PasswordError`, or `CancellationError` when the task was cancelled before the work began.
    package func verify(_ password: String, against hash: String?) async throws -> Bool {
        if let hash, let imported = ImportedPasswordHash(stored: hash) { return try await verify(password, against: imported) }
        let prepared = try Bcrypt.prepare(password)
        if let hash, Bcrypt.cost(of: hash) == nil { throw PasswordError.unsupportedHash }
        let compared = hash ?? decoy
        let isEqual = try await run { Bcrypt.verify(prepared, hash: compared) }
        return hash != nil && isEqual
    }

    /// Imported hashes know longer passwords than bcrypt. Whether somebody has a fast one is not told by the time either.
    private func verify(_ password: String, against imported: ImportedPasswordHash) async throws -> Bool {
        let prepared = try Bcrypt.prepare(password, maximum: 1024)
        let decoy = imported.isFast ? self.decoy : nil
        return try await run {
            if let decoy { _ = Bcrypt.hash(Bcrypt.empty, setting: decoy) }
            return imported.verify(prepared)
        }
    }

    /// Whether a hash that just verified ought to be replaced by a new one, because it is cheaper or of an older kind.
    package func isOutdated(_ hash: String) -> Bool {
        guard let found = Bcrypt.cost(of: hash) else { return true }
        return found < cost || !hash.hasPrefix("$2b$")
    }

    /// Takes no more work, finishes what is running or queued, and returns when all threads have ended.
    package func stop() async {
        await pool.stop()
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        started.add(1, ordering: .relaxed)
        do {
            return try await pool.run(work)
        } catch let refusal as BoundedThreadPool.Refusal {
            switch refusal {
            case .full: throw PasswordError.overloaded
            case .stopped: throw PasswordError.stopped
            }
        }
    }
}
