// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Logging
import Policy
import Postgres
import Sync
import Testing

/// The sample organisation, from its export to users, accounts and roles, and back again.
@Suite struct HarbourTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let examples = root.appending(path: "Policies/examples")

    static func policy() throws -> Policy { try Policy.load(file: examples.appending(path: "harbour.yaml").path) }

    @Test func mondayThenTuesday() async throws {
        try await withDirectory { world in
            let app = try await world.app("Harbour & Vale")
            let reconciler = Reconciler(postgres: world.postgres, directory: world.directory, logger: Logger(label: "test"))
            let policy = try Self.policy()
            let monday = Self.examples.appending(path: "inbox/harbour.json").path

            let first = try await reconciler.reconcile(policy, file: monday, actor: "test")
            #expect(first.state == .done, "\(first.reason ?? "")")
            #expect(first.counts["create"] == 64)
            #expect(try await world.count("select count(*) from users") == 60)
            #expect(try await world.count("select count(*) from account_users") == 79)
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 15)
            #expect(try await world.count("select count(*) from suspensions") == 1)

            let again = try await reconciler.reconcile(policy, file: monday, actor: "test")
            #expect(again.state == .unchanged)
            #expect(again.counts.objectChanges == 0)
            #expect(again.counts["link"] == 0)

            let tuesday = try await reconciler.reconcile(
                policy, file: Self.examples.appending(path: "changes/tuesday.json").path, actor: "test")
            #expect(tuesday.state == .done, "\(tuesday.reason ?? "")")
            #expect(tuesday.counts.objectChanges == 4)
            #expect(tuesday.counts["create"] == 1)
            #expect(tuesday.counts["suspend"] == 1)
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 16)
            _ = app

            let back = try await reconciler.reconcile(policy, file: monday, actor: "test")
            #expect(back.state == .done)
            #expect(back.counts["restore"] == 1)
        }
    }
}
