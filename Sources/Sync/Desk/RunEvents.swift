// SPDX-License-Identifier: Apache-2.0

package import Directory
import Postgres

/// What becomes of a run, until it ends: its states from the journal, looked at once a second, and how far it has come, from this
/// process where it is under way here, and from the journal where it is elsewhere.
///
/// Each look is the caller's: a token that is revoked sees nothing more.
package struct RunEvents: AsyncSequence, Sendable {
    package enum Event: Sendable {
        /// The run, at first and whenever its state is another.
        case state(RunRecord)
        case progress(RunStage)
        /// The run as it ended; nothing follows.
        case end(RunRecord)
        /// A second passed without any news.
        case quiet
    }

    let id: Int64
    let policy: String?
    let caller: Caller
    let journal: RunJournal
    let board: ProgressBoard

    package func makeAsyncIterator() -> Iterator { Iterator(run: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let run: RunEvents
        private var state: String?
        private var stage: RunStage?
        private var isApplyingElsewhere: (since: MonotonicInstant, from: Int)?
        private var nextLook: MonotonicInstant?
        private var isOver = false

        fileprivate init(run: RunEvents) {
            self.run = run
        }

        /// The next event; nil after the end.
        ///
        /// - Throws: `DirectoryError`, `CancellationError`.
        package mutating func next() async throws -> Event? {
            guard !isOver else { return nil }
            while true {
                // Four times a second is as much as a person sees.
                if let nextLook, MonotonicInstant.now < nextLook {
                    try await Task.sleep(for: .milliseconds(250))
                    if let stage = run.board.stage(of: run.id), stage != self.stage {
                        self.stage = stage
                        return .progress(stage)
                    }
                    continue
                }
                let isFirst = nextLook == nil
                defer { nextLook = .now + .seconds(1) }
                do {
                    return try await look()
                } catch DirectoryError.unavailable where !isFirst {
                    return .quiet
                }
            }
        }

        private mutating func look() async throws -> Event {
            let record = try await run.journal.show(run.id, policy: run.policy, by: run.caller)
            if !record.isUnderWay, !record.waits {
                isOver = true
                return .end(record)
            }
            let state = "\(record.state) \(record.releasedAt != nil)"
            if state != self.state {
                self.state = state
                return .state(record)
            }
            guard let stage = stageElsewhere(record), stage != self.stage else { return .quiet }
            self.stage = stage
            return .progress(stage)
        }

        /// How far an apply has come in another process.
        private mutating func stageElsewhere(_ record: RunRecord) -> RunStage? {
            guard record.state == "applying", run.board.stage(of: run.id) == nil, let of = record.changeCount else { return nil }
            let begun = isApplyingElsewhere ?? (.now, record.appliedCount)
            isApplyingElsewhere = begun
            let seconds = Double(MonotonicInstant.now.nanoseconds - begun.since.nanoseconds) / 1e9
            let rate = seconds > 0.5 ? Double(record.appliedCount - begun.from) / seconds : nil
            return RunStage(name: .applying, done: Int64(record.appliedCount), of: Int64(of), entries: nil, rate: rate)
        }
    }
}

extension Reconciler {
    /// What becomes of a run, wherever it is under way.
    ///
    /// - Parameter policy: of which the run must be, where one is named.
    package func events(of id: Int64, policy: String? = nil, by caller: Caller) -> RunEvents {
        RunEvents(id: id, policy: policy, caller: caller, journal: directory.runs, board: board)
    }
}
