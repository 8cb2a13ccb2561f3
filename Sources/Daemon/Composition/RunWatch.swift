// SPDX-License-Identifier: Apache-2.0
import Logging
import Postgres
import Sync

/// Applies plans that a person let through, a second or so after they did, whatever else the sync is at; and finishes what a
/// process left that died, be it a daemon or a command.
struct RunWatch {
    /// Between two looks; a look costs one small statement.
    static let period = Duration.seconds(1)
    /// How long a plan rests that could not be applied.
    static let rest = Duration.seconds(60)

    let reconciler: Reconciler
    let logger: Logger

    func run() async throws {
        var resting: [Int64: ContinuousClock.Instant] = [:]
        var isAway = false
        while true {
            resting = resting.filter { $0.value > .now }
            do {
                for run in try await reconciler.endAbandoned() {
                    logger.notice(
                        "a run broke off with its process; nothing was changed",
                        metadata: ["run": "\(run.id)", "policy": "\(run.policy)"])
                }
                switch try await reconciler.applyWaiting(besides: Set(resting.keys)) {
                case .none: try await Task.sleep(for: Self.period)
                case .applied(let run):
                    logger.notice(
                        "applied a plan that waited",
                        metadata: ["run": "\(run.id)", "policy": "\(run.policy)", "state": "\(run.state.rawValue)"])
                case .failed(let run, let error):
                    resting[run.id] = .now + Self.rest
                    logger.error(
                        "a plan that waits could not be applied; it is tried again",
                        metadata: ["run": "\(run.id)", "policy": "\(run.policy)", "error": "\(error)"])
                }
                isAway = false
            } catch let error as PostgresError {
                if !isAway { logger.warning("the database is away: trying again", metadata: ["error": "\(error)"]) }
                isAway = true
                try await Task.sleep(for: Self.period)
            }
        }
    }
}
