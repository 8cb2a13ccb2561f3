// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing

@Suite struct UserTests {
    @Test func createdUserIsShownWithItsToken() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            var draft = UserDraft()
            draft.email = " Ada@Example.org "
            draft.name = "Ada"
            let created = try await world.directory.users.create(draft, by: app.caller)
            #expect(created.email == "ada@example.org")
            let shown = try await world.directory.users.show(created.id, by: app.caller)
            #expect(shown.secrets?.accessToken == created.secrets?.accessToken)
            #expect(shown.secrets?.accessToken.hasPrefix("mst_usr_") == true)
        }
    }
}
