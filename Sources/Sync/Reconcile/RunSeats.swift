// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets so many runs of one process work at once, each for another source; the others wait in the order of their coming.
///
/// Whoever has had a turn queues behind all who wait, so that a source with endless news does not starve the rest.
final class RunSeats: Sendable {
    private struct Waiter {
        let number: UInt64
        let source: String
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var sources: Set<String> = []
        var waiting: [Waiter] = []
        var last: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Runs `body` when there is a seat and nobody here works for the same source.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before; what `body` throws.
    func sit<T: Sendable>(_ source: String, _ body: () async throws -> T) async throws -> T {
        try await take(source)
        defer { give(source) }
        return try await body()
    }

    private func take(_ source: String) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let next = state.withLock { state in
                    state.waiting.append(Waiter(number: number, source: source, continuation: continuation))
                    return Self.seated(&state)
                }
                for waiter in next { waiter.continuation.resume() }
                // Cancelled before it waited: nobody else would tell it.
                if Task.isCancelled { leave(number) }
            }
        } onCancel: {
            leave(number)
        }
    }

    private func leave(_ number: UInt64) {
        let waiter = state.withLock { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    private func give(_ source: String) {
        let next = state.withLock { state in
            state.free += 1
            state.sources.remove(source)
            return Self.seated(&state)
        }
        for waiter in next { waiter.continuation.resume() }
    }

    /// Takes those out of the queue whose turn it is.
    private static func seated(_ state: inout State) -> [Waiter] {
        var seated: [Waiter] = []
        while state.free > 0, let at = state.waiting.firstIndex(where: { !state.sources.contains($0.source) }) {
            let waiter = state.waiting.remove(at: at)
            state.free -= 1
            state.sources.insert(waiter.source)
            seated.append(waiter)
        }
        return seated
    }
}
