// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A run that somebody asked for and waits to hear the number of. It begins at most once, and not any more when nobody waits.
final class AskedRun: Sendable {
    private enum State {
        case waiting, beginning, withdrawn
        case begun(Int64)
    }

    private let state = Mutex(State.waiting)
    private let answers: AsyncStream<Result<Int64, any Error>>
    private let answer: AsyncStream<Result<Int64, any Error>>.Continuation

    init() {
        (answers, answer) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Begins it under the lease of its source; the lease must be held until it is planned.
    ///
    /// - Throws: `CancellationError` when nobody waits for it any more; what `body` throws, and then it may be begun again.
    func begin<Begun>(_ id: (Begun) -> Int64, _ body: () async throws -> Begun) async throws -> Begun {
        let mayBegin = state.withLock { state in
            guard case .waiting = state else { return false }
            state = .beginning
            return true
        }
        guard mayBegin else { throw CancellationError() }
        do {
            let begun = try await body()
            state.withLock { $0 = .begun(id(begun)) }
            answer.yield(.success(id(begun)))
            return begun
        } catch {
            state.withLock { $0 = .waiting }
            throw error
        }
    }

    /// Whether the run is in the journal: it is not begun a second time, whatever becomes of it.
    var hasBegun: Bool {
        state.withLock { if case .begun = $0 { true } else { false } }
    }

    /// It will not begin.
    func fail(_ error: any Error) { answer.yield(.failure(error)) }

    /// Waits until it has begun.
    ///
    /// - Throws: ``SyncError`` with ``SyncError/Code/busy`` when it has not within the limit; what kept it from beginning.
    func number(within limit: Duration) async throws -> Int64 {
        defer { withdraw() }
        return try await withThrowingTaskGroup(of: Int64?.self) { group in
            group.addTask { [answers] in
                for await answer in answers { return try answer.get() }
                throw CancellationError()
            }
            group.addTask { [self] in
                try await Task.sleep(for: limit)
                // One that is just about to begin is waited for.
                if withdraw() {
                    fail(SyncError(.busy, "another run of this source is at work, or too many others are; try again later"))
                }
                return nil
            }
            defer { group.cancelAll() }
            while let number = try await group.next() {
                if let number { return number }
            }
            throw CancellationError()
        }
    }

    /// Nobody waits any more.
    ///
    /// - Returns: whether it will not begin.
    @discardableResult
    private func withdraw() -> Bool {
        state.withLock { state in
            switch state {
            case .waiting:
                state = .withdrawn
                return true
            case .withdrawn: return true
            case .beginning, .begun: return false
            }
        }
    }
}
