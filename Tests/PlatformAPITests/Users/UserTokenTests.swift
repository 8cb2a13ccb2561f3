// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Glibc
import Testing
import WebSurface

/// POST /users/:id/token beyond the contract: rotation and expiry.
@Suite struct UserTokenTests {
    @Test func rotationEndsTheFormerTokenAtOnce() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let path = "/users/\(user)/token"
            func token(_ json: String) async throws -> String {
                try #require(try await app.post(path, json).json()["access_token"]?.string)
            }
            let first = try await token("{}")
            for same in ["{}", "", #"{"rotate":false}"#, #"{"rotate":"0"}"#, #"{"rotate":null}"#] {
                #expect(try await token(same) == first, "\(same)")
            }
            let second = try await token(#"{"rotate":true}"#)
            let directory = api.world.directory
            #expect(second != first)
            #expect(try await directory.user(of: second) == user)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await directory.user(of: first) }
            #expect(try await token("{}") == second)
            #expect(try await app.get("/users/\(user)").json()["access_token"] == .string(second))
            let third = try #require(try await app.call("POST", path + "?rotate=1").json()["access_token"]?.string)
            await #expect(throws: DirectoryError.invalidAccessToken) { try await directory.user(of: second) }
            // Many at once leave one.
            let issued = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<12 { group.addTask { try await token(#"{"rotate":true}"#) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(issued.count == 12 && !issued.contains(third))
            #expect(
                try await api.count("select count(*) from access_tokens where owner_kind = 'user' and revoked_at is null") == 1)
            #expect(issued.contains(try await token("{}")))
        }
    }

    @Test func expiry() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let path = "/users/\(user)/token"
            let plain = try await app.post(path, "{}")
            #expect(try plain.json()["expiry"] == .null)
            let now = Int64(time(nil))
            let limited = try await app.post(path, #"{"expires_in":3600}"#).json()
            #expect(limited["access_token"] == (try plain.json()["access_token"]))
            let expiry = try #require(limited["expiry"]?.integer)
            #expect((now + 3_590...now + 3_660).contains(expiry))
            #expect(try await app.post(path, "{}").json()["expiry"]?.integer == expiry)
            let rotated = try await app.post(path, #"{"rotate":true,"expires_in":"60"}"#).json()
            #expect(try #require(rotated["expiry"]?.integer) < now + 120)
            #expect(try await app.post(path, #"{"rotate":true}"#).json()["expiry"] == .null)
            // Once expired it authenticates nothing, and the next call mints another.
            let token = try #require(try await app.post(path, #"{"expires_in":60}"#).json()["access_token"]?.string)
            try await api.execute("update access_tokens set expires_at = now() - interval '1 second' where owner_kind = 'user'")
            await #expect(throws: DirectoryError.invalidAccessToken) { try await api.world.directory.user(of: token) }
            let next = try await app.post(path, #"{"expires_in":60}"#).json()
            #expect(next["access_token"]?.string != token && next["expiry"] != .null)
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let user = try await one.newUser("ada@example.org")
            try await api.grant("user", user, to: two, rights: 11)
            let before = try await api.fingerprint()
            for (json, message) in [
                (#"{"expires_in":0}"#, "Expires in must be greater than 0"),
                (#"{"expires_in":-5}"#, "Expires in must be greater than 0"),
                (#"{"expires_in":"soon"}"#, "Expires in is not a number"),
                (#"{"expires_in":1.5}"#, "Expires in must be an integer"),
                (#"{"expires_in":true}"#, "Expires in is not a number"),
                (#"{"expires_in":9223372036854775807}"#, "Expires in is too long (maximum is 3155760000 seconds)"),
                (#"{"rotate":"maybe"}"#, "Rotate is invalid"),
                (#"{"rotate":true,"expires_in":0}"#, "Expires in must be greater than 0"),
            ] {
                let answer = try await one.post("/users/\(user)/token", json)
                #expect(try answer.status == 422 && answer.json()["message"] == .string(message), "\(json): \(answer)")
                #expect(try await two.post("/users/\(user)/token", json).body == Body.nonPermissible, "\(json)")
            }
            #expect(try await two.post("/users/\(user)/token", #"{"rotate":true}"#).body == Body.nonPermissible)
            #expect(try await one.post("/users/\(user)/token", "{").status == 400)
            #expect(try await two.post("/users/\(user)/token", "{").body == Body.nonPermissible)
            #expect(try await api.fingerprint() == before)
        }
    }
}
