// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct UserTokenTests {
    @Test func revokedTokenIsReplacedOnce() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let users = world.directory.users
            let ada = try await world.user("ada@example.org", by: app)
            #expect(try await users.token(ada.id, by: app.caller).secrets?.accessToken == ada.secrets?.accessToken)
            try await world.postgres.execute("update access_tokens set revoked_at = now() where owner_kind = 'user'")
            let next = try await users.token(ada.id, by: app.caller).secrets?.accessToken
            #expect(next != nil && next != ada.secrets?.accessToken)
            #expect(try await users.token(ada.id, by: app.caller).secrets?.accessToken == next)
            #expect(try await users.show(ada.id, by: app.caller).secrets?.accessToken == next)
            #expect(try await world.count("select count(*) from access_tokens where owner_kind = 'user'") == 2)
            // A new secret was issued: somebody must be able to see that.
            #expect(try await world.auditActions(of: ada.id) == "user.create user.token")
            #expect(try await !world.auditText().contains(next ?? "mst_"))
        }
    }

    @Test func tokensOfOthersWithTheSameIDStayApart() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("ada@example.org", by: app)
            try await world.postgres.execute(
                """
                insert into access_tokens (owner_kind, owner_id, key_id)
                select kind, \(ada.id), 1 from unnest('{platform_app,agent_bot,super_admin}'::token_owner[]) kind
                """)
            #expect(try await world.directory.users.show(ada.id, by: app.caller).secrets?.accessToken == ada.secrets?.accessToken)
        }
    }
}
