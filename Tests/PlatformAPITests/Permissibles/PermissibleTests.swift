// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

@Suite struct PermissibleTests {
    @Test func listedWithOriginAndRights() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("a@x.org"), try await one.newAccount())
            let (foreign, gone) = (try await two.newUser("b@x.org"), try await one.newUser("gone@x.org"))
            #expect(try await one.delete("/users/\(gone)").status == 200)
            let root = try await api.world.superAdmin()
            let operators = api.world.directory.permissibles
            try await operators.grant(.user, foreign, to: one.appID, [.write], by: root.caller)
            let listed = try await one.get("/permissibles").json().elements
            #expect(listed.map { $0["kind"]?.string } == ["account", "user", "user"])
            #expect(listed.map { $0["id"]?.integer } == [account, user, foreign])
            #expect(listed.map { $0["origin"]?.string } == ["created", "created", "granted"])
            #expect(listed[1].keys == ["kind", "id", "origin", "rights", "created_at"])
            #expect(listed[1]["rights"]?.elements.compactMap(\.string) == ["read", "write", "impersonate", "delete"])
            #expect(listed[2]["rights"]?.elements.compactMap(\.string) == ["read", "write"])
            #expect(try await one.get("/permissibles?kind=account").json().elements.count == 1)
            #expect(try await one.get("/permissibles?kind=agent_bot").body == "[]")
            for kind in ["team", "", "Account"] {
                #expect(
                    try await one.get("/permissibles?kind=\(kind)").body
                        == Body.invalid("Kind is not included in the list", "kind"))
            }
            #expect(try await api.stranger.get("/permissibles?kind=x").body == Body.invalidToken)
        }
    }

    @Test func releasedIsOutOfReachAndLivesOn() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("a@x.org"), try await one.newAccount())
            try await api.grant("user", user, to: two, rights: 15)
            let released = try await one.delete("/permissibles/user/\(user)")
            #expect(released.status == 200 && released.body.isEmpty)
            #expect(try await one.get("/users/\(user)").body == Body.nonPermissible)
            #expect(try await one.delete("/permissibles/user/\(user)").body == Body.nonPermissible)
            #expect(try await two.get("/users/\(user)").status == 200)
            // By its address it is nobody's to adopt.
            #expect(try await one.post("/users", #"{"name":"N","email":"a@x.org"}"#).status == 422)
            #expect(try await two.delete("/permissibles/account/\(account)").body == Body.nonPermissible)
            #expect(try await two.delete("/permissibles/user/\(account + 1000)").body == Body.nonPermissible)
            #expect(try await one.delete("/accounts/\(account)").status == 200)
            #expect(try await one.delete("/permissibles/account/\(account)").body == Body.notFound)
            for path in ["/permissibles/users/\(user)", "/permissibles/user/0", "/permissibles/user/x", "/permissibles/user"] {
                #expect(try await one.delete(path).body == Body.notFound, "\(path)")
            }
            #expect(try await api.count("select count(*) from audit_events where action = 'permissible.release'") == 1)
        }
    }
}
