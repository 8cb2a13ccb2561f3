// SPDX-License-Identifier: Apache-2.0

import Postgres
import Synchronization

/// How far a run has come that is under way in this process.
package struct RunStage: Sendable, Equatable {
    /// What takes time in a run.
    package enum Name: String, Sendable {
        case reading, planning, applying
    }

    package let name: Name
    /// Bytes read, people planned, changes applied.
    package let done: Int64
    /// Of so many; nil where nobody knows.
    package let of: Int64?
    /// Entries read so far; nil in other stages.
    package let entries: Int?
    /// So much is done in a second; nil at first.
    package let rate: Double?

    package init(name: Name, done: Int64, of: Int64?, entries: Int? = nil, rate: Double? = nil) {
        self.name = name
        self.done = done
        self.of = of
        self.entries = entries
        self.rate = rate
    }

    /// Seconds that the stage still takes at its rate; nil where nobody knows.
    package var remaining: Double? {
        guard let of, let rate, rate > 0 else { return nil }
        return Double(max(0, of - done)) / rate
    }
}

/// The runs that are under way in this process, with their last steps: whoever asks looks, nobody is waited for.
package final class ProgressBoard: Sendable {
    private struct Post {
        var step: RunProgress.Step
        var since: MonotonicInstant
        var now: MonotonicInstant
    }

    private let posts = Mutex<[Int64: Post]>([:])

    package init() {}

    /// The stage of a run; nil when it is not under way here.
    package func stage(of run: Int64) -> RunStage? {
        posts.withLock { $0[run] }.map { RunStage($0.step, seconds: Double($0.now.nanoseconds - $0.since.nanoseconds) / 1e9) }
    }

    /// Tells the board as well.
    func telling(_ progress: RunProgress, of run: Int64) -> RunProgress {
        RunProgress { [self] step in
            note(step, of: run)
            await progress.report(step)
        }
    }

    /// The run does not go on here.
    func remove(_ run: Int64) { posts.withLock { $0[run] = nil } }

    private func note(_ step: RunProgress.Step, of run: Int64) {
        let now = MonotonicInstant.now
        posts.withLock { posts in
            let isSame = posts[run]?.step.stage == step.stage
            posts[run] = Post(step: step, since: isSame ? posts[run]?.since ?? now : now, now: now)
        }
    }
}

extension RunProgress.Step {
    fileprivate var stage: RunStage.Name {
        switch self {
        case .reading: .reading
        case .planning: .planning
        case .applying: .applying
        }
    }
}

extension RunStage {
    fileprivate init(_ step: RunProgress.Step, seconds: Double) {
        let (done, of, entries): (Int64, Int64?, Int?) =
            switch step {
            case .reading(let bytes, let of, let entries): (bytes, of, entries)
            case .planning(let people): (Int64(people), nil, nil)
            case .applying(let done, let of): (Int64(done), Int64(of), nil)
            }
        self.init(
            name: step.stage, done: done, of: of, entries: entries,
            rate: step.stage != .planning && seconds > 0.2 ? Double(done) / seconds : nil)
    }
}
