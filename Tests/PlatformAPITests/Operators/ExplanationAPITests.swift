// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// Why an object is as it is, by the Super Admin API.
@Suite struct ExplanationAPITests {
    @Test func aSuperAdminAsksWhyAndNobodyElse() async throws {
        try await withInstallation { api in
            let person = try await api.world.superAdmin()
            let token = try await api.world.directory.superAdmins.issueToken(
                to: person.id, scopes: nil, expiresIn: nil, by: person.caller)
            let root = APIClient(port: api.port, token: token.accessToken, appID: 0, base: "/super_admin/api/v1")
            let app = try await api.app("Desk")
            let user = try await app.newUser("ada@example.org")
            let account = try await app.newAccount()
            let why = try await root.get("/users/\(user)/explanation").json()
            #expect(why["kind"]?.string == "user" && why["label"]?.string == "ada@example.org")
            let email = try #require(why["fields"]?.elements.first { $0["field"]?.string == "email" })
            #expect(email["set_by"]?["kind"]?.string == "platform_app" && email["set_by"]?["name"]?.string == "Desk")
            #expect(email["owner"]?.string == "anybody" && email["value"]?.string == "ada@example.org")
            #expect(try await root.get("/accounts/\(account)/explanation").json()["kind"]?.string == "account")
            #expect(try await root.get("/users/999999/explanation").status == 404)
            #expect(try await root.get("/users/x/explanation").status == 404)
            #expect(try await app.get("/users/\(user)/explanation").status == 404, "no call of the Platform API")
        }
    }
}
