// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging

/// A server that is up: its process, where it answers, and how to start it again.
struct RunningServer: Sendable {
    let process: ProcessIdentity
    let endpoint: EmbeddedPostgresEndpoint
    let wasAdopted: Bool
    let startup: ClusterStartup

    var isAlive: Bool {
        if ProcessTable.isAlive(process) { return true }
        // A server whose `pg_ctl` has gone is a child of process 1, which in a container may be us: then collect it.
        waitpid(process.id, nil, WNOHANG)
        return false
    }

    /// Fast shutdown; an immediate one when that takes too long, which loses nothing but time at the next start.
    func stop(limit: Duration, logger: Logger) async {
        let clock = ContinuousClock()
        let begin = clock.now
        ProcessTable.signal(process, SIGINT)
        var isUrged = false
        while isAlive {
            if !isUrged, clock.now - begin > limit {
                isUrged = true
                logger.warning(
                    "fast shutdown of PostgreSQL takes too long: stopping it at once", metadata: ["pid": "\(process.id)"])
                ProcessTable.signal(process, SIGQUIT)
            }
            await pauseWithoutCancellation(20)
        }
        logger.info("embedded PostgreSQL has stopped", metadata: ["pid": "\(process.id)", "took": "\(clock.now - begin)"])
    }
}
