// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Synchronization

/// Telling the server to stop a statement, and waiting until that message cannot hit the next one.
///
/// `PQcancel` opens a second connection and blocks, so it runs on a thread of its own. It returns when the server has
/// delivered the signal; only then the session may go on.
final class Cancellation {
    /// What the helper thread and the session share.
    private final class Progress: Sendable {
        private let done = Atomic<Bool>(false)
        let mailbox: Mailbox

        init(mailbox: Mailbox) {
            self.mailbox = mailbox
        }

        var isDone: Bool { done.load(ordering: .acquiring) }

        func finish() {
            done.store(true, ordering: .releasing)
            mailbox.wake()
        }
    }

    /// A `PGcancel`, which may be used from any thread.
    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer

        func send() {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
                _ = PQcancel(pointer, message.baseAddress, 256)
            }
            PQfreeCancel(pointer)
        }
    }

    let reason: PostgresError.Kind
    /// How long the server has to obey.
    let grace: Limits
    private let progress: Progress

    init(of session: Session, reason: PostgresError.Kind) {
        self.reason = reason
        grace = Limits(deadline: .now + Session.cancelGrace)
        let progress = Progress(mailbox: session.mailbox)
        self.progress = progress
        guard let pointer = PQgetCancel(session.pointer) else {
            progress.finish()
            return
        }
        let handle = Handle(pointer: pointer)
        DetachedThread.start(name: "pg-cancel") {
            handle.send()
            progress.finish()
        }
    }

    var isDone: Bool { progress.isDone }
}

extension Session {
    /// Waits for the cancellation to be over and says why there was one.
    func settleCancellation() -> PostgresError.Kind? {
        guard let cancellation else { return nil }
        self.cancellation = nil
        while !isBroken {
            mailbox.fallAsleep()
            if cancellation.isDone { break }
            let timeout = cancellation.grace.deadline.pollTimeout(from: .now)
            if timeout == 0 {
                isBroken = true
            } else {
                // No events: only the bell and a hang-up count.
                _ = pollSocket(0, timeout: timeout)
                if PQstatus(pointer) == CONNECTION_BAD { isBroken = true }
            }
        }
        return cancellation.reason
    }
}
