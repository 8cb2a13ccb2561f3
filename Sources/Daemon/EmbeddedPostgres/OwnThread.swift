// SPDX-License-Identifier: Apache-2.0
import Dispatch

/// Runs an actor on a queue of its own, so that its file operations block no thread of the cooperative pool.
final class OwnThread: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}

/// Waits even when the task is cancelled: stopping a server takes its time whatever the reason.
func pauseWithoutCancellation(_ milliseconds: Int) async {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
            continuation.resume()
        }
    }
}
