// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Policy
import Postgres

/// What the watched folders hold at one moment: every policy, and the export that is the truth for it.
package struct WatchScan: Sendable {
    /// A policy with its newest export, or with changes that came after that.
    package struct Job: Sendable {
        package let policy: Policy
        package let file: WatchedFile
        /// Whether the file tells what changed, and not what there is.
        package let isChanges: Bool

        package init(policy: Policy, file: WatchedFile, isChanges: Bool = false) {
            self.policy = policy
            self.file = file
            self.isChanges = isChanges
        }

        /// What its run reads.
        package var input: RunInput { isChanges ? .changes(file.path) : .export(file.path) }
    }

    package let policies: [Policy]
    /// The mistakes in policies.
    package let diagnostics: [PolicyDiagnostic]
    /// The exports that count, oldest first, each with the changes behind it in the order in which they are to be taken; a policy
    /// whose newest export is still being written has none, and what comes behind changes that are has to wait.
    package let jobs: [Job]
    /// Policies of which no export and no changes lie anywhere: what they say is held against the last read that was kept.
    package let idle: [Policy]
}

/// Watches the folder of policies and the folders of their exports, on a thread of its own.
///
/// Level-triggered: whatever happens leads to a look at everything, and each look tells the whole state; events only say when
/// to look, and which files are complete. So nothing is missed for good, whatever the file system tells or does not tell.
package final class PolicyWatcher: Sendable {
    /// How often everything is looked at without any event.
    package static let period = Duration.seconds(60)

    /// The states seen; a slow reader gets the newest only.
    package let scans: AsyncStream<WatchScan>
    private let wake: WakePipe

    /// Begins to watch; ``stop()`` ends it.
    package init(folder: String, period: Duration = PolicyWatcher.period) throws(SyncError) {
        let (stream, continuation) = AsyncStream.makeStream(of: WatchScan.self, bufferingPolicy: .bufferingNewest(1))
        let wake = try WakePipe()
        scans = stream
        self.wake = wake
        DetachedThread.start(name: "muster-watch") {
            var loop = WatchLoop(folder: folder, period: period, wake: wake)
            loop.run { continuation.yield($0) }
            continuation.finish()
        }
    }

    deinit { wake.send(.stop) }

    /// Reads every policy again and looks at everything.
    package func reload() { wake.send(.reload) }

    /// Ends the thread and the stream.
    package func stop() { wake.send(.stop) }
}

/// The thread's work.
private struct WatchLoop: ~Copyable {
    let folder: String
    let period: Duration
    let wake: WakePipe
    private var book = PolicyBook()
    private var settling = Settling()

    init(folder: String, period: Duration, wake: WakePipe) {
        self.folder = folder
        self.period = period
        self.wake = wake
    }

    mutating func run(_ yield: (WatchScan) -> Void) {
        var events = FolderEvents(wake: wake.reading)
        var reload = true
        while true {
            _ = book.refresh(folder: folder, force: reload)
            // Listening comes before looking: what happens in between is heard.
            events.watch(folders)
            let (scan, lookAgain) = look()
            yield(scan)
            let next = min(MonotonicInstant.now + period, lookAgain ?? .never)
            guard let woken = pause(until: next, &events) else { return }
            reload = woken
        }
    }

    private var folders: Set<String> {
        Set(
            book.policies.flatMap { policy in
                (policy.read.files + policy.read.changes).map { $0.folder(relativeTo: policy.folder) }
            } + [folder])
    }

    private mutating func look() -> (WatchScan, MonotonicInstant?) {
        let now = MonotonicInstant.now
        var jobs: [[WatchScan.Job]] = []
        var again: MonotonicInstant?
        var paths: Set<String> = []
        var idle: [Policy] = []
        for policy in book.policies {
            let exports = policy.exports()
            let newest = WatchedFile.newest(exports)
            let changes = policy.changes(since: newest)
            paths.formUnion((exports + changes).map(\.path))
            if exports.isEmpty, changes.isEmpty { idle.append(policy) }
            var own: [WatchScan.Job] = []
            for (file, isChanges) in [newest].compactMap({ $0 }).map({ ($0, false) }) + changes.map({ ($0, true) }) {
                let (counts, lookAgain) = settling.counts(file, at: now)
                if let lookAgain { again = min(again ?? lookAgain, lookAgain) }
                guard counts else { break }
                own.append(WatchScan.Job(policy: policy, file: file, isChanges: isChanges))
            }
            if !own.isEmpty { jobs.append(own) }
        }
        settling.keep(only: paths)
        jobs.sort { ($0[0].file.modified, $0[0].file.path) < ($1[0].file.modified, $1[0].file.path) }
        let scan = WatchScan(
            policies: book.policies, diagnostics: book.diagnostics, jobs: jobs.flatMap { $0 }, idle: idle)
        return (scan, again)
    }

    /// Waits until there is a reason to look.
    ///
    /// - Returns: whether a reload was asked for; nil to stop.
    private mutating func pause(until next: MonotonicInstant, _ events: inout FolderEvents) -> Bool? {
        while true {
            let (heard, woken) = events.wait(milliseconds: next.millisecondsFromNow)
            var isReason = note(heard)
            if woken {
                let messages = wake.receive()
                if messages.contains(.stop) { return nil }
                return true
            }
            if isReason {
                // What belongs together comes together: a short rest gathers it.
                usleep(20_000)
                isReason = note(events.wait(milliseconds: 0).events)
                return false
            }
            if MonotonicInstant.now >= next { return false }
        }
    }

    /// Notes events; true when one of them is a reason to look.
    private mutating func note(_ events: [FolderEvents.Event]) -> Bool {
        var isReason = false
        for event in events {
            switch event {
            case .writing(let path):
                settling.noteWriting(path)
                continue
            // Perhaps an export that is filled from now on, perhaps a folder for exports that was waited for.
            case .made(let path): settling.noteWriting(path)
            case .arrived(let path): settling.noteArrival(path)
            case .gone(let path): settling.noteGone(path)
            case .lost: settling.noteLoss()
            case .changed: break
            }
            isReason = true
        }
        return isReason
    }
}

/// A pipe that ends a wait in `poll`.
final class WakePipe: Sendable {
    enum Message: UInt8 {
        case reload, stop
    }

    let reading: Int32
    private let writing: Int32

    init() throws(SyncError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw SyncError(.unreadable, "cannot watch folders: \(String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        reading = ends[0]
        writing = ends[1]
    }

    deinit {
        close(reading)
        close(writing)
    }

    func send(_ message: Message) {
        var byte = message.rawValue
        _ = write(writing, &byte, 1)
    }

    func receive() -> Set<Message> {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(reading, &bytes, bytes.count)
        return Set(bytes.prefix(max(0, count)).compactMap(Message.init))
    }
}

extension MonotonicInstant {
    /// For `poll`: at least one, so that it never spins, and never more than an hour.
    fileprivate var millisecondsFromNow: Int32 {
        let left = nanoseconds - MonotonicInstant.now.nanoseconds
        return Int32(max(1, min(3_600_000, left / 1_000_000 + 1)))
    }
}
