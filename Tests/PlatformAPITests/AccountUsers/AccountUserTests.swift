// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Memberships (contract section 4).
@Suite struct AccountUserTests {
    @Test func bodyByteForByte() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let path = "/accounts/\(account)/account_users"
            #expect(try await app.get(path).body == "[]")
            let first = try await app.post(path, #"{"user_id":\#(user)}"#)
            let id = try first.id()
            try await api.execute(
                """
                update account_users set created_at = '2026-01-31T09:15:00Z', updated_at = '2024-02-29T23:59:59.9999Z',
                    active_at = '1999-12-31T00:00:00.001Z' where id = \(id)
                """)
            let body = """
                {"id":\(id),"account_id":\(account),"user_id":\(user),"role":"agent","inviter_id":null,\
                "created_at":"2026-01-31T09:15:00.000Z","updated_at":"2024-02-29T23:59:59.999Z","active_at":"1999-12-31T00:00:00.001Z",\
                "availability":"online","auto_offline":true,"custom_role_id":null,"agent_capacity_policy_id":null}
                """
            // Repeated, it is the same row and nothing moves.
            for json in [
                #"{"user_id":\#(user)}"#, #"{"user_id":"\#(user)","role":"agent"}"#,
                #"{"user_id":\#(user),"availability":"online","auto_offline":true,"custom_role_id":null}"#,
            ] {
                let again = try await app.post(path, json)
                #expect(again.status == 200 && again.body == body, "\(json): \(again)")
            }
            #expect(try await app.get(path).body == "[\(body)]")
            #expect(try first.json().keys == (try await app.get(path).json()).elements[0].keys)
            #expect(try first.json()["active_at"] == .null)
            let promoted = try await app.post(path, #"{"user_id":\#(user),"role":"administrator"}"#)
            #expect(try promoted.id() == id && promoted.json()["role"] == .string("administrator"))
            // Without a role, the role stays.
            #expect(try await app.call("POST", path, .form("user_id=\(user)")).body == promoted.body)
            #expect(try await app.get("/users/\(user)").json()["role"] == .string("administrator"))
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let path = "/accounts/\(account)/account_users"
            let before = try await api.fingerprint()
            let noUser = Body.invalid("User must exist", "user")
            let noRole = Body.invalid("Role is not included in the list", "role")
            for (json, status, body) in [
                ("{}", 422, noUser), (#"{"user_id":null}"#, 422, noUser), (#"{"user_id":""}"#, 422, noUser),
                (#"{"user_id":"abc"}"#, 422, noUser),
                (#"{"user_id":1.5}"#, 422, noUser), (#"{"user_id":[\#(user)]}"#, 422, noUser),
                (#"{"user_id":true}"#, 422, noUser),
                (#"{"role":"owner"}"#, 422, Body.invalid("User must exist, Role is not included in the list", "user", "role")),
                (#"{"user_id":\#(user),"role":"owner"}"#, 422, noRole), (#"{"user_id":\#(user),"role":null}"#, 422, noRole),
                (#"{"user_id":\#(user),"role":""}"#, 422, noRole), (#"{"user_id":\#(user),"role":"Agent"}"#, 422, noRole),
                (#"{"user_id":\#(user),"role":1}"#, 422, noRole),
                // An id never permitted is 401, whether it can exist or not and whatever else is wrong.
                (#"{"user_id":0}"#, 401, Body.nonPermissible), (#"{"user_id":-1}"#, 401, Body.nonPermissible),
                (#"{"user_id":9223372036854775807}"#, 401, Body.nonPermissible),
                (#"{"user_id":\#(user + 1),"role":"owner"}"#, 401, Body.nonPermissible),
            ] as [(String, Int, String)] {
                let answer = try await app.post(path, json)
                #expect(answer.status == status && answer.body == body, "\(json): \(answer)")
            }
            #expect(try await api.fingerprint() == before)
        }
    }

    @Test func deleteByBodyOrQueryAndTwice() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let path = "/accounts/\(account)/account_users"
            let ways: [(String, Content)] = [
                (path, .json(#"{"user_id":\#(user)}"#)), (path, .json(#"{"user_id":"\#(user)"}"#)),
                (path, .form("user_id=\(user)")),
                (path + "?user_id=\(user)", .none), (path + ".json?user_id=\(user)", .none),
                (path + "?user_id=999999", .json(#"{"user_id":\#(user)}"#)),
            ]
            for (target, content) in ways {
                try await app.join(user, to: account)
                for _ in 1...2 {
                    let answer = try await app.delete(target, content)
                    #expect(answer.status == 200 && answer.body.isEmpty, "\(target): \(answer)")
                }
                #expect(try await app.get(path).body == "[]", "\(target)")
            }
            try await app.join(user, to: account)
            let absent = try await app.delete(path)
            #expect(absent.status == 200 && absent.body.isEmpty)
            #expect(try await app.delete(path + "?user_id=nobody").status == 422)
            #expect(try await app.delete(path + "?user_id=\(user + 1)").body == Body.nonPermissible)
            #expect(try await app.get(path).json().elements.count == 1)
        }
    }

    @Test func membersAreListedInTheOrderTheyCame() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let account = try await app.newAccount()
            var users: [Int64] = []
            for number in 1...5 { users.append(try await app.newUser("p\(number)@example.org")) }
            for user in users.reversed() { try await app.join(user, to: account) }
            let listed = try await app.get("/accounts/\(account)/account_users").json().elements
            #expect(listed.map { $0["user_id"]?.integer } == users.reversed())
        }
    }
}
