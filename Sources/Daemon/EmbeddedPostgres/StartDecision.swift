// SPDX-License-Identifier: Apache-2.0

/// What the process table says about the process that `postmaster.pid` names.
enum PostmasterEvidence: Sendable, Hashable {
    /// There is no such process.
    case absent
    /// It has ended, but its parent has not collected it yet.
    case ended
    /// It is the server, or a single-user backend, of this very cluster.
    case server
    /// The number belongs to another program by now.
    case stranger
}

/// What to do about a cluster that should be running: pure, so that every case has a test.
enum StartDecision: Sendable, Hashable {
    /// Nothing runs: start a server.
    case start
    /// A server left by a killed daemon runs: use it.
    case adopt(Int32)
    /// A server is shutting down: come back when it has ended.
    case awaitEnd(Int32)
    /// The file is being written by a server that is just starting.
    case readAgain
    /// The file would keep PostgreSQL from starting although nothing runs: remove it, then start.
    case discardFile(reason: String)
    /// Somebody works on the cluster in single-user mode.
    case refuse(Int32)

    /// Decides from the text of `postmaster.pid` (nil when there is none) and what the process table says.
    ///
    /// - Parameters:
    ///   - evidence: about the process that the file names; not asked when the file is damaged.
    ///   - serverElsewhere: whether some process is a server of this cluster, whatever the file says.
    static func make(
        file text: String?, evidence: (PostmasterFile) -> PostmasterEvidence, serverElsewhere: () -> Bool
    ) -> Self {
        guard let text else {
            return .start
        }
        guard let file = PostmasterFile(text) else {
            return serverElsewhere() ? .readAgain : .discardFile(reason: "it is empty or damaged")
        }
        switch evidence(file) {
        case .absent:
            // PostgreSQL sees this by itself, and looks at the shared memory of the earlier server as well.
            return .start
        case .ended:
            return .discardFile(reason: "process \(file.processID) has ended")
        case .stranger:
            return .discardFile(reason: "process \(file.processID) is another program by now")
        case .server where file.isSingleUser:
            return .refuse(file.processID)
        case .server:
            return file.status == .stopping ? .awaitEnd(file.processID) : .adopt(file.processID)
        }
    }
}
