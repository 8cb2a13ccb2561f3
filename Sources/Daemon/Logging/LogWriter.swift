// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import Postgres
import Synchronization

/// Takes the lines of the log and writes them in their order: warnings and worse before it returns, others within milliseconds
/// and many at a time, so that a request does not pay for a system call of its own.
///
/// A process that is killed loses the lines of those milliseconds; one that exits loses none.
final class LogWriter: Sendable {
    private struct Waiting {
        var bytes: [UInt8] = []
        /// Whether the thread has been told that there are some.
        var isAnnounced = false
    }

    /// How long lines may wait, in microseconds.
    private static let pause: UInt32 = 5_000
    /// So many bytes are written by whoever adds to them: a reader of the log that is too slow slows us down.
    private static let limit = 1 << 18

    /// Where every process writes its log.
    static let standardError: LogWriter = {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return LogWriter(descriptor: STDERR_FILENO) }
        let (call, bell) = (ends[0], ends[1])
        // A full pipe has woken the thread often enough: nobody waits for room in it.
        _ = fcntl(bell, F_SETFL, O_NONBLOCK)
        // PostgreSQL, which we start, must not hold them.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let writer = LogWriter(descriptor: STDERR_FILENO, bell: bell)
        DetachedThread.start(name: "log") { writer.writeWhenRung(call) }
        atexit { LogWriter.standardError.flush() }
        return writer
    }()

    private let descriptor: Int32
    /// A pipe that wakes the thread; negative without one, where every line is written at once.
    private let bell: Int32
    private let waiting = Mutex(Waiting())
    /// Held while lines are taken and written, so that they stay in their order.
    private let output = Mutex(())

    private init(descriptor: Int32, bell: Int32) {
        self.descriptor = descriptor
        self.bell = bell
    }

    /// Writes each line at once.
    convenience init(descriptor: Int32) { self.init(descriptor: descriptor, bell: -1) }

    /// Adds a line, its end included.
    func write(_ line: ByteBuffer, isUrgent: Bool) {
        let (count, rings) = waiting.withLock { waiting in
            waiting.bytes += line.readableBytesView
            defer { waiting.isAnnounced = true }
            return (waiting.bytes.count, !waiting.isAnnounced)
        }
        if isUrgent || bell < 0 || count > Self.limit { return flush() }
        if rings { _ = Glibc.write(bell, [0], 1) }
    }

    /// Writes what waits.
    func flush() {
        output.withLock { _ in
            let bytes = waiting.withLock { waiting in
                defer { waiting = Waiting() }
                return waiting.bytes
            }
            bytes.withUnsafeBytes { rest in
                var rest = rest[...]
                while !rest.isEmpty {
                    let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    if count < 0, errno == EAGAIN {
                        var end = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        _ = poll(&end, 1, -1)
                        continue
                    }
                    // Nobody reads the log any more, or the disk is full: there is nowhere to say so.
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }

    private func writeWhenRung(_ call: Int32) {
        var rings = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(call, &rings, rings.count)
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
            usleep(Self.pause)
            flush()
        }
    }
}
