// SPDX-License-Identifier: Apache-2.0

import Secrets
import Synchronization

/// The data keys as this process knows them, and the way to know more of them.
///
/// A data key is added by `muster key rotate` or the console, while daemons run. None of them has to be told: a token or a row
/// that names a key not known here makes it look (``Directory/learnKey(of:)``, ``Directory/learnKeys(of:)``), and the daemon
/// looks every few seconds besides, to make new tokens with the new key. Keys come, and never go.
///
/// Thread safety: any thread.
final class InstallationKeys: Sendable {
    private let known: Mutex<Keyring>
    private let readMaster: (@Sendable () async throws -> MasterKey)?
    /// For tokens, which anybody may present.
    let lookout = Lookout()

    init(_ keyring: Keyring, master: (@Sendable () async throws -> MasterKey)?) {
        known = Mutex(keyring)
        readMaster = master
    }

    /// The keys known now.
    var keyring: Keyring { known.withLock { $0 } }

    /// - Throws: ``DataKeyError/noMasterKey`` in an installation that was opened without one to keep.
    func master() async throws -> MasterKey {
        guard let readMaster else { throw DataKeyError.noMasterKey }
        return try await readMaster()
    }

    /// Takes in further keys, and which one is current.
    ///
    /// - Returns: whether anything is different now.
    func add(_ keys: [DataKey], currentID: Int32) throws(KeyringError) -> Bool {
        try known.withLock { keyring throws(KeyringError) in
            let former = (keyring.keyIDs, keyring.currentID)
            keyring = try keyring.adding(keys, currentID: currentID)
            return former != (keyring.keyIDs, keyring.currentID)
        }
    }
}

/// Paces what strangers can cause: one look at a time, at most one a second, and each serves all who wait for it.
///
/// Whoever asks is answered by a look that begins after the question, so a genuine token is never refused because forged ones
/// used the last look up; it waits a second at most, and holds no thread meanwhile.
actor Lookout {
    static let pause = Duration.seconds(1)

    private var next = ContinuousClock.now
    private var isPlanned = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Returns when a `look` has ended that began after the call.
    func look(_ look: @Sendable () async -> Void) async {
        guard !isPlanned else { return await withCheckedContinuation { waiting.append($0) } }
        isPlanned = true
        // Cancelled, it looks at once: others may rely on it.
        try? await Task.sleep(until: next, clock: .continuous)
        next = .now + Self.pause
        isPlanned = false
        let served = waiting
        waiting = []
        await look()
        for one in served { one.resume() }
    }
}
