// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// PUT /provision: one person with accounts and roles, whole or not at all.
@Suite struct ProvisionTests {
    private func put(_ app: APIClient, _ json: String) async throws -> Answer {
        try await app.call("PUT", "/provision", .json(json))
    }

    @Test func aPersonIsMadeAndMadeAgainTheSame() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (first, second) = (try await app.newAccount("First"), try await app.newAccount("Second"))
            let wish = """
                {"external_id":"E-1","email":" Ada@Example.org ","name":"Ada","display_name":"A.","custom_attributes":{"title":"Analyst"},
                 "accounts":[{"account_id":\(first),"role":"administrator"},{"account_id":"\(second)"}]}
                """
            let made = try await put(app, wish)
            let id = try made.id()
            let body = try made.json()
            #expect(body["email"]?.string == "ada@example.org")
            #expect(body["access_token"]?.string?.hasPrefix("mst_usr_") == true)
            #expect(body["custom_attributes"]?["title"]?.string == "Analyst")
            #expect(body["accounts"]?.elements.map { $0["id"]?.integer } == [first, second])
            #expect(body["accounts"]?.elements.map { $0["role"]?.string } == ["administrator", "agent"])

            let before = try await api.count("select row_version from users where id = \(id)")
            #expect(try await put(app, wish).body == made.body)
            #expect(try await api.count("select row_version from users where id = \(id)") == before)
            #expect(try await api.count("select count(*) from changes") == 1)
            #expect(try await api.count("select count(*) from audit_events where action = 'provision'") == 1)
            #expect(try await api.count("select count(*) from runs where state <> 'done'") == 0)
        }
    }

    /// Found by the external id, the address may move; memberships given before and not wanted now end, others stay.
    @Test func theExternalIDOutlivesTheAddress() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            var accounts: [Int64] = []
            for name in ["A", "B", "C"] { accounts.append(try await app.newAccount(name)) }
            let id = try await put(
                app,
                #"{"external_id":"E-1","email":"old@example.org","name":"Ada","accounts":[{"account_id":\#(accounts[0])},{"account_id":\#(accounts[1])}]}"#
            ).id()
            try await app.join(id, to: accounts[2], role: "administrator")
            let moved = try await put(
                app,
                #"{"external_id":"E-1","email":"new@example.org","display_name":null,"accounts":[{"account_id":\#(accounts[1]),"role":"administrator"}]}"#
            )
            #expect(try moved.id() == id)
            #expect(try moved.json()["name"]?.string == "Ada")
            #expect(try moved.json()["email"]?.string == "new@example.org")
            let roles = try moved.json()["accounts"]?.elements.map { "\($0["id"]?.integer ?? 0) \($0["role"]?.string ?? "")" }
            #expect(Set(roles ?? []) == ["\(accounts[1]) administrator", "\(accounts[2]) administrator"])
            // Without the key, memberships stay as they are.
            let quiet = try await put(app, #"{"external_id":"E-1","email":"new@example.org"}"#)
            #expect(try quiet.json()["accounts"]?.elements.count == 2)
        }
    }

    @Test func whatIsWrongIsSaidAndNothingChanges() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let account = try await app.newAccount("Mine")
            let (theirs, foreign) = (try await other.newUser("theirs@example.org"), try await other.newAccount("Theirs"))
            let before = try await api.fingerprint()
            for (json, status, attributes) in [
                (#"{"name":"A"}"#, 422, ["email"]), (#"{"email":"no","name":"A"}"#, 422, ["email"]),
                (#"{"email":"a@example.org"}"#, 422, ["name"]), (#"{"email":"a@example.org","name":null}"#, 422, ["name"]),
                (#"{"email":"a@example.org","name":"A","external_id":""}"#, 422, ["external_id"]),
                (#"{"email":"a@example.org","name":"A","accounts":{}}"#, 422, ["accounts"]),
                (
                    #"{"email":"a@example.org","name":"A","accounts":[{"account_id":\#(account),"role":"owner"}]}"#, 422,
                    ["accounts"]
                ),
                (#"{"email":"a@example.org","name":"A","accounts":[{"role":"agent"}]}"#, 422, ["accounts"]),
                (#"{"email":"theirs@example.org","name":"A"}"#, 422, ["email"]),
                (#"{"email":"theirs@example.org","name":"A","external_id":"X"}"#, 422, ["email"]),
                (
                    #"{"email":"a@example.org","name":"A","accounts":[{"account_id":\#(account)},{"account_id":\#(foreign)}]}"#,
                    401, []
                ),
                (#"{"email":"a@example.org","name":"A","accounts":[{"account_id":999999}]}"#, 401, []),
            ] {
                let answer = try await put(app, json)
                #expect(answer.status == status, "\(json): \(answer)")
                #expect(try answer.json()["attributes"]?.elements.map(\.string) ?? [] == attributes, "\(json): \(answer)")
            }
            #expect(try await api.fingerprint() == before)
            #expect(try await api.count("select count(*) from changes") == 0)
            #expect(try await app.get("/users/\(theirs)").status == 401)
            #expect(try await put(api.stranger, "{}").status == 401)
            #expect(try await put(api.stranger, "nonsense").status == 401)
        }
    }

    /// What is so already is no change, and must not be told to who may not see it.
    @Test func membershipsOutOfReachAreNotTold() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let user = try await app.newUser("ada@example.org")
            let (hidden, empty) = (try await app.newAccount("Hidden"), try await app.newAccount("Empty"))
            try await app.join(user, to: hidden)
            try await api.grant("user", user, to: other, rights: 15)
            for account in [hidden, empty, 999_999] {
                for role in ["", #","role":"agent""#, #","role":"administrator""#] {
                    let item = #"{"email":"ada@example.org","accounts":[{"account_id":\#(account)\#(role)}]}"#
                    let answer = try await put(other, item)
                    #expect(answer.status == 401 && answer.body == Body.nonPermissible, "\(account)\(role): \(answer)")
                    let bulk = try await other.post("/bulk", "[\(item)]")
                    #expect(try bulk.json()["results"]?.elements.first?["status"]?.integer == 401, "\(bulk)")
                }
            }
        }
    }

    @Test func deletedAccountsAre404AndNeedNotBeTakenBack() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let account = try await app.newAccount()
            let person = #"{"external_id":"7","email":"ada@example.org","name":"Ada","accounts":[%]}"#
            let (with, without) = (person.replacing("%", with: #"{"account_id":\#(account)}"#), person.replacing("%", with: ""))
            #expect(try await put(app, with).status == 200)
            #expect(try await app.delete("/accounts/\(account)").status == 200)
            for item in [with, with.replacing("ada@", with: "new@").replacing(#""7""#, with: #""8""#)] {
                let answer = try await put(app, item)
                #expect(answer.status == 404 && answer.body == Body.notFound, "\(answer)")
                let bulk = try await app.post("/bulk", "[\(item)]").json()["results"]?.elements.first
                #expect(bulk?["status"]?.integer == 404 && bulk?["message"]?.string == "Not Found", "\(String(describing: bulk))")
            }
            // It was given by an earlier call; that it is gone is nobody's fault.
            #expect(try await put(app, without).status == 200)
        }
    }

    /// Likewise when the app lost its reach of the account.
    @Test func whatIsOutOfReachIsNotTakenBack() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let account = try await app.newAccount()
            let person = #"{"external_id":"7","email":"ada@example.org","name":"Ada","accounts":[%]}"#
            #expect(try await put(app, person.replacing("%", with: #"{"account_id":\#(account)}"#)).status == 200)
            #expect(try await app.delete("/permissibles/account/\(account)").status == 200)
            #expect(try await put(app, person.replacing("%", with: "")).status == 200)
            #expect(try await api.count("select count(*) from account_users where account_id = \(account)") == 1)
        }
    }

    @Test func oneExternalIDIsOnePersonHoweverManyAsk() async throws {
        // Who waits for the app's earlier call holds a connection: one for each, so that nobody waits for one.
        try await withInstallation(connections: 12) { api in
            let app = try await api.app("One")
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                // Fewer than connections: on a slow machine the wait for one would be measured.
                for number in 0..<6 {
                    group.addTask {
                        let person = #"{"external_id":"E-1","email":"n\#(number % 3)@example.org","name":"N\#(number)"}"#
                        // Whoever is told to come again does.
                        while true {
                            let answer = try await app.call("PUT", "/provision", .json(person), allowsUnavailable: true)
                            if answer.status != 503 { return answer }
                            try await Task.sleep(for: .milliseconds(100))
                        }
                    }
                }
                return try await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers)")
            #expect(Set(try answers.map { try $0.id() }).count == 1)
            #expect(try await api.count("select count(*) from users") == 1)
            #expect(try await api.count("select count(*) from links") == 1)
        }
    }
}
