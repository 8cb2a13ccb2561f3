// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

@Suite struct SuspensionTests {
    @Test func aSuspendedUsersTokenStopsAtOnceAndGoesOnAfterwards() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let token = try #require(try await app.call("POST", "/users/\(user)/token").json()["access_token"]?.string)
            let directory = api.world.directory
            #expect(try await directory.user(of: token) == user)
            let suspended = try await app.post("/users/\(user)/suspend", #"{"reason":"on leave"}"#)
            #expect(suspended.status == 200)
            let body = try suspended.json()
            #expect(body["id"]?.integer == user && body["status"] == .string("suspended"))
            let entry = try #require(body["suspensions"]?.elements.first)
            #expect(entry.keys == ["by", "by_id", "reason", "since"] && entry["reason"] == .string("on leave"))
            #expect(entry["by"] == .string("platform_app") && entry["by_id"]?.integer == app.appID)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await directory.user(of: token) }
            // Unasked, the body is the contract's.
            #expect(try await app.get("/users/\(user)").json()["status"] == nil)
            // Again is no write; another reason is one.
            let before = try await api.fingerprint()
            #expect(try await app.post("/users/\(user)/suspend", "{}").status == 200)
            #expect(try await app.post("/users/\(user)/suspend", #"{"reason":"on leave"}"#).status == 200)
            #expect(try await api.fingerprint() == before)
            let other = try await app.post("/users/\(user)/suspend", #"{"reason":"left"}"#).json()["suspensions"]?.elements
            #expect(other?.count == 1 && other?.first?["reason"] == .string("left"))
            let restored = try await app.post("/users/\(user)/restore", "")
            #expect(try restored.json()["status"] == .string("active") && restored.json()["suspensions"]?.elements == [])
            #expect(try await directory.user(of: token) == user)
            let events = "select count(*) from audit_events where subject_id = \(user) and action"
            #expect(try await api.count("\(events) = 'user.suspend'") == 2)
            #expect(try await api.count("\(events) = 'user.restore' and after ->> 'reason' = 'left'") == 1)
        }
    }

    @Test func oneLiftsOnesOwnSuspensionOnly() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount())
            try await one.join(user, to: account)
            try await api.grant("user", user, to: two, rights: 3)
            try await api.grant("account", account, to: two, rights: 3)
            let member = #"{"user_id":\#(user)}"#
            for (suspend, restore, body) in [
                ("/users/\(user)/suspend", "/users/\(user)/restore", "{}"),
                ("/accounts/\(account)/account_users/suspend", "/accounts/\(account)/account_users/restore", member),
            ] {
                for app in [one, two] { #expect(try await app.post(suspend, body).status == 200) }
                let still = try await one.post(restore, body).json()
                #expect(still["status"] == .string("suspended"), "\(restore)")
                #expect(still["suspensions"]?.elements.map { $0["by_id"]?.integer } == [two.appID])
                #expect(try await one.post(restore, body).json()["status"] == .string("suspended"))
                #expect(try await two.post(restore, body).json()["status"] == .string("active"))
            }
            // A source's is nobody's to lift by call.
            try await api.execute(
                "insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason) values ('user', \(user), 'source', 1, 'absent')"
            )
            #expect(try await one.post("/users/\(user)/restore", "").json()["status"] == .string("suspended"))
        }
    }

    @Test func aSuspendedMembershipClosesOneAccount() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, here, there) = (
                try await app.newUser("ada@example.org"), try await app.newAccount(), try await app.newAccount()
            )
            try await app.join(user, to: here, role: "administrator")
            try await app.join(user, to: there)
            let path = "/accounts/\(here)/account_users"
            func usable() async throws -> Int {
                try await api.count("select coalesce(sum(account_id), 0)::bigint from usable_memberships")
            }
            #expect(try await usable() == here + there)
            let answer = try await app.post(path + "/suspend", #"{"user_id":\#(user),"reason":"r"}"#)
            #expect(try answer.status == 200 && answer.json()["status"] == .string("suspended"))
            let shown = try await app.get("/users/\(user)").json()
            #expect(shown["accounts"]?.elements.map { $0["id"]?.integer } == [there] && shown["account_id"]?.integer == there)
            #expect(try await usable() == there)
            // The account still lists its member, and says so when asked.
            #expect(try await app.get(path).json().elements[0].keys.count == 12)
            let listed = try await app.get(path + "?include=suspensions").json().elements[0]
            #expect(listed["suspensions"]?.elements.count == 1 && listed["user_id"]?.integer == user)
            #expect(try await app.post(path + "/restore", #"{"user_id":\#(user)}"#).json()["status"] == .string("active"))
            #expect(try await usable() == here + there)
            // A membership's suspension ends with it.
            _ = try await app.post(path + "/suspend", #"{"user_id":\#(user)}"#)
            _ = try await app.delete(path + "?user_id=\(user)")
            try await app.join(user, to: here)
            #expect(try await usable() == here + there)
            #expect(try await api.count("select count(*) from membership_suspensions") == 0)
        }
    }

    @Test func aSuspendedAccountClosesThatAccountOnly() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, here, there) = (
                try await app.newUser("ada@example.org"), try await app.newAccount(), try await app.newAccount()
            )
            for account in [here, there] { try await app.join(user, to: account) }
            let token = try #require(try await app.call("POST", "/users/\(user)/token").json()["access_token"]?.string)
            let closed = try await app.patch("/accounts/\(here)", #"{"status":"suspended"}"#)
            #expect(try closed.json()["status"] == .string("suspended"))
            #expect(try await api.world.directory.user(of: token) == user)
            #expect(try await api.count("select sum(account_id)::bigint from usable_memberships") == there)
            _ = try await app.patch("/accounts/\(here)", #"{"status":"active"}"#)
            #expect(try await api.count("select sum(account_id)::bigint from usable_memberships") == here + there)
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount())
            let gone = try await one.newUser("gone@example.org")
            #expect(try await one.delete("/users/\(gone)").status == 200)
            try await api.grant("user", user, to: two, rights: 1 | 4 | 8)
            let path = "/accounts/\(account)/account_users/suspend"
            let long = String(repeating: "x", count: 1_001)
            let before = try await api.fingerprint()
            for (app, target, body, status) in [
                (two, "/users/\(user)/suspend", "{}", 401), (two, "/users/\(user)/restore", "{}", 401),
                (two, "/users/99999/suspend", "{}", 401), (two, path, #"{"user_id":\#(user)}"#, 401),
                (two, "/users/\(user)/suspend", #"{"reason":[]}"#, 401), (two, "/users/\(user)/suspend", "{", 401),
                (one, "/users/\(gone)/suspend", "{}", 404), (one, "/users/\(gone)/restore", "{}", 404),
                (one, "/users/\(user)/suspend", #"{"reason":[]}"#, 422),
                (one, "/users/\(user)/suspend", #"{"reason":"\#(long)"}"#, 422),
                (one, "/users/\(user)/suspend", "{", 400),
                // No such membership.
                (one, path, #"{"user_id":\#(user)}"#, 404), (one, path, "{}", 422), (one, path, #"{"user_id":0}"#, 401),
                (one, path, #"{"user_id":\#(gone)}"#, 404), (one, path, "[", 400), (two, path, "[", 401),
            ] {
                let answer = try await app.post(target, body)
                #expect(answer.status == status, "\(app.appID) \(target) \(body.prefix(40)): \(answer)")
            }
            #expect(try await api.fingerprint() == before)
        }
    }
}
