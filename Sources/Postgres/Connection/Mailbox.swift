// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Glibc
internal import Synchronization

/// Where callers leave work for a connection's thread, with the bell that wakes it.
///
/// The bell is rung only when the thread sleeps, so a busy connection costs no system call here.
final class Mailbox: Sendable {
    private struct State {
        var jobs: [any Job] = []
        var head = 0
        var isAsleep = false
        var isClosing = false
        var hasEnded = false
    }

    /// What the thread finds.
    enum Next {
        case job(any Job)
        case close
        /// Nothing: the thread counts as asleep from now on.
        case empty
    }

    private let state = Mutex(State())
    /// Whether the session had no open transaction after its last job.
    let isClean = Atomic<Bool>(true)
    /// The eventfd that is readable when the thread shall look.
    let bell: Int32

    init() {
        bell = clibpq_eventfd()
        precondition(bell >= 0, "out of file descriptors")
    }

    deinit {
        close(bell)
    }

    /// Leaves a job; false when the thread has gone and never will see it.
    func post(_ job: any Job) -> Bool {
        let (accepted, ring) = state.withLock { state in
            if state.hasEnded { return (false, false) }
            state.jobs.append(job)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if ring { ringBell() }
        return accepted
    }

    /// Wakes the thread so that it looks at what changed.
    func wake() {
        let ring = state.withLock { state in
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if ring { ringBell() }
    }

    /// Asks the thread to end after the jobs it has.
    func requestClose() {
        state.withLock { $0.isClosing = true }
        wake()
    }

    /// Takes the next job, or marks the thread as asleep.
    func next() -> Next {
        state.withLock { state in
            if state.head < state.jobs.count {
                let job = state.jobs[state.head]
                state.head += 1
                if state.head == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: true)
                    state.head = 0
                }
                return .job(job)
            }
            if state.isClosing { return .close }
            state.isAsleep = true
            return .empty
        }
    }

    /// Marks the thread as asleep; what changed before is visible to it, what changes later rings the bell.
    func fallAsleep() {
        state.withLock { $0.isAsleep = true }
    }

    /// Ends the mailbox and hands over the jobs nobody will do.
    func end() -> [any Job] {
        state.withLock { state in
            state.hasEnded = true
            defer { state.jobs = [] }
            return Array(state.jobs[state.head...])
        }
    }

    /// Silences the bell after it woke the thread.
    func answerBell() {
        var count: UInt64 = 0
        _ = read(bell, &count, 8)
    }

    private func ringBell() {
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }
}
