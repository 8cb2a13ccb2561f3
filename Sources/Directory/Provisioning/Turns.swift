// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets those who want the same thing in one after the other, in the order in which they came.
///
/// Whoever waits here holds nothing: a wait in the database holds a connection, and one app's calls would hold all of them.
final class Turns: Sendable {
    /// So many may wait for one thing; more are told to come again.
    static let longestLine = 64

    private enum Admission { case entered, refused }

    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Admission, Never>
    }

    private struct Lines {
        var waiting: [Int64: [Waiter]] = [:]
        var count = 0
    }

    private let lines = Mutex(Lines())

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: ``DirectoryError/unavailable`` when too many wait; `CancellationError`; and what `body` throws.
    func take<T>(_ key: Int64, _ body: () async throws -> T) async throws -> T {
        guard await enter(key) == .entered else {
            try Task.checkCancellation()
            throw DirectoryError.unavailable
        }
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Int64) async -> Admission {
        let number = lines.withLock { lines in
            lines.count += 1
            return lines.count
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let admission: Admission? = lines.withLock { lines in
                    // Asked under the lock: whoever is cancelled later is found in the line.
                    if Task.isCancelled { return .refused }
                    guard let line = lines.waiting[key] else {
                        lines.waiting[key] = []
                        return .entered
                    }
                    if line.count >= Self.longestLine { return .refused }
                    lines.waiting[key]?.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let admission { continuation.resume(returning: admission) }
            }
        } onCancel: {
            let waiter: Waiter? = lines.withLock { lines in
                guard let place = lines.waiting[key]?.firstIndex(where: { $0.number == number }) else { return nil }
                return lines.waiting[key]?.remove(at: place)
            }
            waiter?.continuation.resume(returning: .refused)
        }
    }

    private func leave(_ key: Int64) {
        let next: Waiter? = lines.withLock { lines in
            guard let line = lines.waiting[key], !line.isEmpty else {
                lines.waiting[key] = nil
                return nil
            }
            return lines.waiting[key]?.removeFirst()
        }
        next?.continuation.resume(returning: .entered)
    }
}
