// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// One thing to do, held by the worker that was given it.
package struct Job: Sendable {
    package let id: Int64
    package let kind: String
    /// What it is about, unique within the kind.
    package let key: String
    /// How often it was begun, this time included, since it last got anywhere.
    package let attempts: Int
    /// Proves that it is held; another one as soon as another worker was given the job.
    package let lease: UUID
}

/// What became of a job that did not fail.
package enum JobOutcome: Sendable, Equatable {
    /// There is nothing left to do.
    case done
    /// It got somewhere and goes on later.
    case again(after: Duration)
}

/// What does the jobs of one kind.
///
/// A job is done at least once: a worker may die after the work and before it could say so, so that a handler must do no harm
/// when it is run again. It is cancelled when the daemon drains or the lease is lost.
package protocol JobHandler: Sendable {
    var kind: String { get }
    /// The longest pause between two failed attempts.
    var longestPause: Duration { get }
    /// The keys of jobs that should exist now, asked at every look: those that do not exist yet are made.
    func due() async throws -> [String]
    /// Does the job; what it throws is a failed attempt.
    func run(_ job: Job) async throws -> JobOutcome
}

extension JobHandler {
    package var longestPause: Duration { .seconds(3_600) }
}
