// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster sync`
struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Turns exports into users, accounts and roles.",
        subcommands: [
            SyncPlanCommand.self, SyncApplyCommand.self, SyncRejectCommand.self, SyncRunsCommand.self, SyncShowCommand.self,
            SyncApproveCommand.self, SyncUndoCommand.self, SyncReportCommand.self, SyncWatchCommand.self,
            SyncDisputesCommand.self, SyncResolveCommand.self, SyncQuarantineCommand.self, SyncRetryCommand.self,
        ])
}
