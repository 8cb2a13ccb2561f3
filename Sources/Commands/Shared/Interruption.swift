// SPDX-License-Identifier: Apache-2.0
import Glibc
import UnixSignals

/// Ctrl-C or SIGTERM during a command: it is cancelled and cleans up, so that no PostgreSQL of its own stays behind.
struct Interruption: Error {
    /// Runs `body`, cancelled by the first signal; the second ends the process as it does any other. The daemon minds its own.
    static func watching(isDaemon: Bool, _ body: @escaping @Sendable () async throws -> Void) async throws {
        guard !isDaemon else { return try await body() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    signal(SIGINT, SIG_DFL)
                    signal(SIGTERM, SIG_DFL)
                    return false
                }
                return true
            }
            group.addTask {
                try await body()
                return true
            }
            let isFinished = try await group.next() ?? true
            group.cancelAll()
            guard !isFinished else { return }
            while let result = await group.nextResult() { if case .success(true) = result { return } }
            throw Interruption()
        }
    }
}
