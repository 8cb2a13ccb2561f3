// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
import Sync

extension MusterDaemon {
    /// Where runs are asked for over HTTP.
    func syncDesk(_ installed: Installed) -> SyncDesk {
        SyncDesk(
            reconciler: installed.reconciler, policies: PolicyShelf(folder: configuration.policies),
            spool: UploadSpool(folder: "\(configuration.dataDirectory)/uploads", sizeLimit: configuration.uploadLimit))
    }
}

/// Carries out what is asked for at the desk, for as long as the daemon runs.
struct SyncDeskService: Service {
    let desk: SyncDesk

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await desk.run() }
        } catch  where error is CancellationError || Task.isShuttingDownGracefully {
            // A stored plan is finished by the next start.
        }
    }
}
