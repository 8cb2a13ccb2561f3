// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Many calls at the same moment on the same object.
@Suite struct RaceTests {
    /// The answers of `count` calls made at once.
    private func atOnce(_ count: Int, _ call: @Sendable @escaping (Int) async throws -> Answer) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            for number in 0..<count { group.addTask { try await call(number) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func fiftyCreatesOfOneAddressAreOneUser() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            for round in 0..<3 {
                let password = round == 2 ? #","password":"Correct-Horse9""# : ""
                let answers = try await atOnce(50) { number in
                    try await app.post(
                        "/users",
                        #"{"name":"N\#(number)","email":"\#(number % 2 == 0 ? "R" : "r")ace\#(round)@example.org"\#(password)}"#)
                }
                #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.first { $0.status != 200 }.map(\.description) ?? "")")
                #expect(Set(answers.map(\.body)).count == 1)
            }
            #expect(try await api.count("select count(*) from users") == 3)
            #expect(try await api.count("select count(*) from access_tokens where owner_kind = 'user'") == 3)
            #expect(try await api.count("select count(*) from platform_app_permissibles") == 3)
        }
    }

    @Test func oneAddressBetweenTwoAppsGoesToOneOfThem() async throws {
        try await withInstallation(connections: 8) { api in
            let apps = [try await api.app("One"), try await api.app("Two")]
            let answers = try await atOnce(50) { number in
                try await apps[number % 2].post("/users", #"{"name":"N","email":"race@example.org"}"#)
            }
            let taken = answers.filter { $0.body == Body.invalid("Email has already been taken", "email") && $0.status == 422 }
            let given = answers.filter { $0.status == 200 }
            #expect(taken.count == 25 && given.count == 25 && Set(given.map(\.body)).count == 1)
        }
    }

    @Test func fiftyMembershipsAreOne() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            for round in 0..<4 {
                let (user, account) = (try await app.newUser("m\(round)@example.org"), try await app.newAccount())
                let path = "/accounts/\(account)/account_users"
                let answers = try await atOnce(50) { number in
                    try await app.post(
                        path,
                        round % 2 == 0
                            ? #"{"user_id":\#(user)}"#
                            : #"{"user_id":\#(user),"role":"\#(number % 2 == 0 ? "agent" : "administrator")"}"#)
                }
                #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.first { $0.status != 200 }.map(\.description) ?? "")")
                #expect(Set(try answers.map { try $0.id() }).count == 1)
                #expect(try await app.get(path).json().elements.count == 1)
            }
        }
    }

    @Test func nobodyWaitsForEachOtherForever() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            var (users, accounts): ([Int64], [Int64]) = ([], [])
            for number in 0..<3 {
                users.append(try await app.newUser("p\(number)@example.org"))
                accounts.append(try await app.newAccount())
            }
            let (everyone, everywhere) = (users, accounts)
            // A deadlock would be an answer above 499, which no call may have.
            let answers = try await atOnce(120) { number in
                let (user, account) = (everyone[number % 3], everywhere[number / 3 % 3])
                switch number / 9 % 5 {
                case 0:
                    return try await app.post(
                        "/accounts/\(account)/account_users", #"{"user_id":\#(user),"role":"administrator"}"#)
                case 1: return try await app.delete("/accounts/\(account)/account_users?user_id=\(user)")
                case 2: return try await app.patch("/users/\(user)", #"{"email":"p\#(number % 3)@example.org","name":"N"}"#)
                case 3:
                    return try await app.patch(
                        "/accounts/\(account)", #"{"name":"A","status":"\#(number % 2 == 0 ? "active" : "suspended")"}"#)
                default: return try await app.post("/accounts/\(account)/account_users", #"{"user_id":\#(user)}"#)
                }
            }
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.first { $0.status != 200 }.map(\.description) ?? "")")
        }
    }

    @Test func noChangeIsLost() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let names = try await atOnce(40) { number in
                try await app.patch("/users/\(user)", #"{"custom_attributes":{"k\#(number)":\#(number)}}"#)
            }
            #expect(names.allSatisfy { $0.status == 200 })
            #expect(try await app.get("/users/\(user)").json()["custom_attributes"]?.keys.count == 40)
            let features = ["sla", "saml", "crm_v2", "companies", "audit_logs", "ip_lookup", "response_bot", "custom_roles"]
            let switched = try await atOnce(features.count) {
                try await app.patch("/accounts/\(account)", #"{"features":{"\#(features[$0])":true}}"#)
            }
            #expect(switched.allSatisfy { $0.status == 200 })
            let enabled = try #require(try await app.get("/accounts/\(account)").json()["enabled_features"])
            #expect(features.allSatisfy { enabled[$0] == .bool(true) })
            let deletes = try await atOnce(20) { _ in try await app.delete("/users/\(user)") }
            #expect(deletes.filter { $0.status == 200 }.count == 1 && deletes.filter { $0.status == 404 }.count == 19)
        }
    }
}
