// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// A second app goes for the first one's objects by id: refused every time, and nothing changes.
@Suite struct SecondAppTests {
    @Test func everyCallOnForeignObjects() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount("Ada & Co"))
            try await one.join(user, to: account)
            let gone = try await one.newUser("gone@example.org")
            #expect(try await one.delete("/users/\(gone)").status == 200)
            let (ownUser, ownAccount) = (try await two.newUser("own@example.org"), try await two.newAccount())
            let before = try await api.fingerprint()
            let unknown: Int64 = 1_000_000
            for (foreignUser, foreignAccount) in [(user, account), (unknown, unknown), (gone, account), (Int64.max, Int64.max)] {
                for (method, path, content) in Self.attacks(
                    user: foreignUser, account: foreignAccount, ownUser: ownUser, ownAccount: ownAccount)
                {
                    let answer = try await two.call(method, path, content)
                    #expect(answer.status == 401 && answer.body == Body.nonPermissible, "\(method) \(path) \(content): \(answer)")
                }
            }
            #expect(try await api.fingerprint() == before)
        }
    }

    /// Whatever touches an object by id, with good bodies and bad ones, and all combinations of own and foreign.
    private static func attacks(user: Int64, account: Int64, ownUser: Int64, ownAccount: Int64) -> [(String, String, Content)] {
        var calls: [(String, String, Content)] = [
            ("GET", "/users/\(user)", .none), ("GET", "/users/\(user).json", .none), ("DELETE", "/users/\(user)", .none),
            ("POST", "/users/\(user)/token", .none), ("GET", "/accounts/\(account)", .none),
            ("DELETE", "/accounts/\(account)", .none),
            ("GET", "/accounts/\(account)/account_users", .none), ("POST", "/accounts/\(account)/account_users", .none),
            ("DELETE", "/accounts/\(account)/account_users", .none),
        ]
        for method in ["PATCH", "PUT"] {
            for json in [
                "{}", #"{"name":"X"}"#, #"{"name":null}"#, #"{"email":"own@example.org"}"#, #"{"email":"x"}"#,
                #"{"password":"Correct-Horse9"}"#,
                #"{"password":"weak"}"#, #"{"custom_attributes":{"a":1}}"#,
            ] { calls.append((method, "/users/\(user)", .json(json))) }
            for json in [
                "{}", #"{"name":"X"}"#, #"{"status":"suspended"}"#, #"{"status":"no"}"#, #"{"limits":{"x":1}}"#,
                #"{"features":{"x":1}}"#,
            ] {
                calls.append((method, "/accounts/\(account)", .json(json)))
            }
        }
        for (attachedAccount, attachedUser) in [(account, ownUser), (ownAccount, user), (account, user)] {
            for (method, json) in [
                ("POST", #"{"user_id":\#(attachedUser)}"#), ("POST", #"{"user_id":"\#(attachedUser)","role":"administrator"}"#),
                ("POST", #"{"user_id":\#(attachedUser),"role":"owner"}"#), ("DELETE", #"{"user_id":\#(attachedUser)}"#),
            ] { calls.append((method, "/accounts/\(attachedAccount)/account_users", .json(json))) }
            calls.append(("DELETE", "/accounts/\(attachedAccount)/account_users?user_id=\(attachedUser)", .none))
        }
        return calls
    }

    @Test func whatExistsLooksLikeWhatDoesNot() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount())
            let (ownUser, ownAccount) = (try await two.newUser("own@example.org"), try await two.newAccount())
            // As many digits, so that nothing else can differ.
            let foreign = Self.attacks(user: user, account: account, ownUser: ownUser, ownAccount: ownAccount)
            let unknown = Self.attacks(user: 800_000, account: 800_000, ownUser: ownUser, ownAccount: ownAccount)
            for ((method, path, content), never) in zip(foreign, unknown) {
                let (seen, unseen) = (try await two.call(method, path, content), try await two.call(never.0, never.1, never.2))
                #expect(
                    seen.hasSameFace(as: unseen), "\(method) \(path): \(seen) \(seen.headers) against \(unseen) \(unseen.headers)"
                )
            }
            // Deleted by its owner, it still looks like nothing to the other, and like itself to the owner.
            #expect(try await one.delete("/users/\(user)").status == 200)
            #expect(try await two.get("/users/\(user)").hasSameFace(as: try await two.get("/users/800000")))
            #expect(try await one.get("/users/\(user)").body == Body.notFound)
            #expect(try await one.get("/users/800000").body == Body.nonPermissible)
        }
    }

    @Test func accountsOfAUserAreThoseTheCallerMaySee() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let user = try await one.newUser("shared@example.org")
            let hidden = try await one.newAccount("Hidden")
            try await one.join(user, to: hidden, role: "administrator")
            try await api.grant("user", user, to: two, rights: 15)
            let visible = try await two.newAccount("Visible")
            try await two.join(user, to: visible, role: "agent")
            let ofTwo = try await two.get("/users/\(user)")
            #expect(try ofTwo.json()["accounts"]?.elements.map { $0["id"]?.integer } == [visible])
            #expect(try ofTwo.json()["account_id"] == .integer(visible) && ofTwo.json()["role"] == .string("agent"))
            #expect(!ofTwo.body.contains("Hidden"))
            #expect(try await one.get("/users/\(user)").json()["accounts"]?.elements.map { $0["id"]?.integer } == [hidden])
            for answer in [
                try await two.patch("/users/\(user)", #"{"name":"N"}"#), try await two.patch("/users/\(user)", "{}"),
                try await two.post("/users", #"{"name":"N","email":"shared@example.org"}"#),
                try await two.post("/users", #"{"email":"shared@example.org"}"#),
            ] { #expect(try answer.json()["accounts"]?.elements.map { $0["id"]?.integer } == [visible], "\(answer)") }
        }
    }
}
