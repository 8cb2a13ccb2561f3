// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@Suite struct CustomRoleTests {
    @Test func createReadChangeDelete() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (account, elsewhere) = (try await app.newAccount(), try await app.newAccount())
            let path = "/accounts/\(account)/custom_roles"
            #expect(try await app.get(path).body == "[]")
            let made = try await app.post(
                path, #"{"name":"Night","description":"d","permissions":["report_manage","contact_manage","report_manage"]}"#)
            let id = try made.id()
            #expect(
                try made.json().keys == ["id", "account_id", "name", "description", "permissions", "created_at", "updated_at"])
            // Each once, in the order of the list.
            #expect(try made.json()["permissions"] == .array([.string("contact_manage"), .string("report_manage")]))
            #expect(try await app.get("\(path)/\(id)").body == made.body)
            #expect(try await app.get(path).body == "[\(made.body)]")
            let changed = try await app.patch("\(path)/\(id)", #"{"description":null,"permissions":[]}"#)
            #expect(try changed.json()["description"] == .null && changed.json()["permissions"] == .array([]))
            #expect(try await app.call("PUT", "\(path)/\(id)", .json("{}")).body == changed.body)
            #expect(
                try await app.call("PUT", "\(path)/\(id)", .form("permissions[]=report_manage")).json()["permissions"]?.elements
                    .count == 1)
            // The same name in another account is another role; an id belongs to its account.
            #expect(try await app.post("/accounts/\(elsewhere)/custom_roles", #"{"name":"Night"}"#).status == 200)
            #expect(try await app.get("/accounts/\(elsewhere)/custom_roles/\(id)").body == Body.notFound)
            #expect(try await app.patch("/accounts/\(elsewhere)/custom_roles/\(id)", #"{"name":"X"}"#).body == Body.notFound)
            let gone = try await app.delete("\(path)/\(id)")
            #expect(gone.status == 200 && gone.body.isEmpty)
            for answer in [try await app.delete("\(path)/\(id)"), try await app.get("\(path)/\(id)")] {
                #expect(answer.status == 404 && answer.body == Body.notFound)
            }
            #expect(
                try await api.count(
                    "select count(*) from audit_events where action like 'custom_role.%' and subject_id = \(account)") == 4)
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let account = try await one.newAccount()
            let path = "/accounts/\(account)/custom_roles"
            let id = try await one.post(path, #"{"name":"Night"}"#).id()
            try await api.grant("account", account, to: two, rights: 1)
            let before = try await api.fingerprint()
            for (method, target, body, message) in [
                ("POST", path, "{}", "Name can't be blank"), ("POST", path, #"{"name":null}"#, "Name can't be blank"),
                ("POST", path, #"{"name":"Night"}"#, "Name has already been taken"),
                ("POST", path, #"{"name":"A","permissions":"report_manage"}"#, "Permissions is invalid"),
                ("POST", path, #"{"name":"A","permissions":[1]}"#, "Permissions is invalid"),
                ("PATCH", "\(path)/\(id)", #"{"permissions":["all"]}"#, "Permissions contain an unknown name: all"),
                ("PATCH", "\(path)/\(id)", #"{"name":""}"#, "Name can't be blank"),
                ("PUT", "\(path)/\(id)", #"{"name":"a\u0000"}"#, "Name contains a null character or a number out of range"),
            ] {
                let answer = try await one.call(method, target, .json(body))
                #expect(try answer.status == 422 && answer.json()["message"] == .string(message), "\(method) \(body): \(answer)")
                // To read is not to write, and what is wrong with the body is not told.
                #expect(try await two.call(method, target, .json(body)).body == Body.nonPermissible, "\(method) \(body)")
            }
            #expect(try await two.delete("\(path)/\(id)").body == Body.nonPermissible)
            #expect(try await two.get("\(path)/\(id)").status == 200)
            #expect(try await two.get("/accounts/999999/custom_roles").body == Body.nonPermissible)
            #expect(try await one.get("\(path)/0").body == Body.notFound)
            #expect(try await api.stranger.get("\(path)/\(id)").body == Body.invalidToken)
            #expect(try await api.fingerprint() == before)
            #expect(try await one.delete("/accounts/\(account)").status == 200)
            #expect(try await one.get(path).body == Body.notFound)
            #expect(try await one.post(path, "{}").body == Body.notFound)
        }
    }

    @Test func membersHaveThem() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account, elsewhere) = (
                try await app.newUser("a@x.org"), try await app.newAccount(), try await app.newAccount()
            )
            let role = try await app.post("/accounts/\(account)/custom_roles", #"{"name":"Night"}"#).id()
            let foreign = try await app.post("/accounts/\(elsewhere)/custom_roles", #"{"name":"Day"}"#).id()
            let path = "/accounts/\(account)/account_users"
            let joined = try await app.post(
                path, #"{"user_id":\#(user),"custom_role_id":\#(role),"availability":"busy","auto_offline":false}"#)
            let row = try joined.json()
            #expect(
                row["custom_role_id"]?.integer == role && row["availability"] == .string("busy")
                    && row["auto_offline"] == .bool(false))
            // What is not given stays.
            let promoted = try await app.post(path, #"{"user_id":\#(user),"role":"administrator"}"#).json()
            #expect(promoted["custom_role_id"]?.integer == role && promoted["availability"] == .string("busy"))
            let offline = try await app.call(
                "POST", path, .form("user_id=\(user)&availability=offline&auto_offline=1&custom_role_id=")
            ).json()
            #expect(
                offline["custom_role_id"] == .null && offline["availability"] == .string("offline")
                    && offline["auto_offline"] == .bool(true) && offline["role"] == .string("administrator"))
            let before = try await api.fingerprint()
            for (json, body) in [
                (#""custom_role_id":\#(foreign)"#, Body.invalid("Custom role must exist", "custom_role")),
                (#""custom_role_id":0"#, Body.invalid("Custom role must exist", "custom_role")),
                (#""custom_role_id":"x""#, Body.invalid("Custom role is not a number", "custom_role_id")),
                (#""availability":"away""#, Body.invalid("Availability is not included in the list", "availability")),
                (#""auto_offline":null"#, Body.invalid("Auto offline is not included in the list", "auto_offline")),
            ] {
                let answer = try await app.post(path, #"{"user_id":\#(user),\#(json)}"#)
                #expect(answer.status == 422 && answer.body == body, "\(json): \(answer)")
            }
            #expect(try await api.fingerprint() == before)
            // The role goes, the member stays, and its user's version tells.
            _ = try await app.post(path, #"{"user_id":\#(user),"custom_role_id":\#(role)}"#)
            let version = try await api.count("select row_version from users where id = \(user)")
            #expect(try await app.delete("/accounts/\(account)/custom_roles/\(role)").status == 200)
            #expect(try await app.get(path).json().elements[0]["custom_role_id"] == .null)
            #expect(try await api.count("select row_version from users where id = \(user)") == version + 1)
        }
    }

    @Test func seats() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            var users: [Int64] = []
            for number in 1...12 { users.append(try await app.newUser("p\(number)@x.org")) }
            let account = try await app.newAccount()
            let path = "/accounts/\(account)/account_users"
            #expect(try await app.patch("/accounts/\(account)", #"{"limits":{"agents":3}}"#).status == 200)
            let full = Body.invalid("Account has no seat left: its limit of agents is reached", "account")
            // All at once: three of twelve.
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for user in users { group.addTask { try await app.post(path, #"{"user_id":\#(user)}"#) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 200 }.count == 3 && answers.filter { $0.body == full }.count == 9, "\(answers)")
            let members = try await app.get(path).json().elements.compactMap { $0["user_id"]?.integer }
            #expect(members.count == 3)
            let outside = try #require(users.first { !members.contains($0) })
            // Who has a seat keeps it, in another role too; a deleted user leaves one, a suspended one does not.
            #expect(try await app.post(path, #"{"user_id":\#(members[0]),"role":"administrator"}"#).status == 200)
            _ = try await app.post(path + "/suspend", #"{"user_id":\#(members[0])}"#)
            #expect(try await app.post(path, #"{"user_id":\#(outside)}"#).body == full)
            #expect(try await app.delete("/users/\(members[1])").status == 200)
            #expect(try await app.post(path, #"{"user_id":\#(outside)}"#).status == 200)
            // A lower limit throws nobody out.
            #expect(try await app.patch("/accounts/\(account)", #"{"limits":{"agents":1}}"#).status == 200)
            #expect(try await app.get(path).json().elements.count == 3)
            // Without a limit there is none; with 0 there is no seat.
            let (open, none) = (
                try await app.newAccount(), try await app.post("/accounts", #"{"name":"N","limits":{"agents":0}}"#).id()
            )
            for user in users where user != members[1] { try await app.join(user, to: open) }
            #expect(try await app.post("/accounts/\(none)/account_users", #"{"user_id":\#(outside)}"#).body == full)
        }
    }
}
