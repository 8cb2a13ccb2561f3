// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import PlatformAPI

/// Signing in by password, and how often one may fail (contract section 7.4).
@Suite struct ThrottleTests {
    private static let proxy = TrustedProxies([AddressBlock("127.0.0.1"), AddressBlock("10.0.0.0/8")].compactMap { $0 })

    @Test func onlyTheRightPasswordSignsIn() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            _ = try await app.newUser("ada@example.org", password: goodPassword)
            _ = try await app.newUser("linked@example.org")
            #expect(try await app.signIn(" ADA@example.org", password: goodPassword).status == 200)
            let long = String(repeating: "a", count: 100)
            for (email, password) in [
                ("ada@example.org", "Harbour2!"), ("ada@example.org", ""), ("nobody@example.org", goodPassword),
                ("linked@example.org", goodPassword), ("linked@example.org", ""), ("", goodPassword), ("ada@example.org", long),
                ("ada@example.org", goodPassword + "\\u0000"),
            ] {
                let answer = try await app.signIn(email, password: password)
                #expect(answer.status == 401 && answer.body == Body.invalidCredentials, "\(email) \(password): \(answer)")
            }
            let empty = try await app.call("POST", "/auth/sign_in", headers: [])
            #expect(empty.status == 401 && empty.body == Body.invalidCredentials)
        }
    }

    @Test func fiveFailuresFromOnePlaceAndNoMore() async throws {
        try await withInstallation(proxies: Self.proxy) { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org", password: goodPassword)
            _ = try await app.newUser("bob@example.org", password: goodPassword)
            let office = "203.0.113.7"
            for _ in 0..<20 {
                #expect(try await app.signIn("ada@example.org", password: goodPassword, from: office).status == 200)
            }
            for _ in 0..<5 {
                #expect(try await app.signIn("ada@example.org", password: "Wrong1!", from: office).status == 401)
            }
            let refused = try await app.signIn("ada@example.org", password: goodPassword, from: office)
            #expect(refused.status == 429 && refused.body == #"{"status":429,"error":"Too Many Requests"}"#, "\(refused)")
            #expect((1...300).contains(Int(refused.headers["retry-after"] ?? "") ?? 0), "\(refused.headers)")
            // What stands left of the proxy's own word is the client's invention.
            #expect(
                try await app.signIn("ada@example.org", password: goodPassword, from: "8.8.8.8, \(office), 10.0.0.9").status
                    == 429)
            // Her colleague, herself elsewhere, and her login link are not concerned.
            #expect(try await app.signIn("bob@example.org", password: goodPassword, from: office).status == 200)
            #expect(try await app.signIn("ada@example.org", password: goodPassword, from: "203.0.113.8").status == 200)
            #expect(try await app.redeem("ada@example.org", try await app.linkToken(user), from: office).status == 200)
            try await api.execute("update sign_in_failures set until = now()")
            #expect(try await app.signIn("ada@example.org", password: goodPassword, from: office).status == 200)
        }
    }

    @Test func tenFailuresForOneAddressFromEverywhere() async throws {
        try await withInstallation(proxies: Self.proxy) { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org", password: goodPassword)
            for number in 0..<10 {
                #expect(try await app.signIn("Ada@example.org", password: "Wrong1!", from: "203.0.113.\(number)").status == 401)
            }
            #expect(try await app.signIn("ada@example.org", password: goodPassword, from: "203.0.113.99").status == 429)
            #expect(try await app.redeem("ada@example.org", try await app.linkToken(user)).status == 200)
            // An address without a user behaves alike.
            for number in 0..<11 {
                let answer = try await app.signIn("no@example.org", password: "Wrong1!", from: "203.0.113.\(number)")
                #expect(answer.status == (number < 10 ? 401 : 429))
            }
        }
    }

    @Test func guessingLinksIsThrottledAndGoodLinksAreNot() async throws {
        try await withInstallation(proxies: Self.proxy) { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let guess = String(repeating: "0", count: 64)
            for _ in 0..<100 { #expect(try await app.redeem("ada@example.org", guess, from: "2001:db8::1").status == 401) }
            // The rest of the network is the same holder's.
            #expect(try await app.redeem("ada@example.org", guess, from: "2001:db8::2").status == 429)
            #expect(try await app.redeem("ada@example.org", guess, from: "2001:db8:0:1::1").status == 401)
            #expect(try await app.redeem("ada@example.org", try await app.linkToken(user), from: "2001:db8::1").status == 200)
        }
    }

    @Test func triesAtTheSameMomentDoNotSlipThrough() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            _ = try await app.newUser("ada@example.org", password: goodPassword)
            let answers = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 0..<40 { tasks.addTask { try await app.signIn("ada@example.org", password: "Wrong1!").status } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0 == 401 } <= 5, "\(answers)")
            #expect(answers.allSatisfy { $0 == 401 || $0 == 429 }, "\(answers)")
        }
    }

    @Test func whoIsNoTrustedProxyCannotMoveElsewhere() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            _ = try await app.newUser("ada@example.org", password: goodPassword)
            for number in 0..<5 {
                #expect(try await app.signIn("ada@example.org", password: "Wrong1!", from: "203.0.113.\(number)").status == 401)
            }
            #expect(try await app.signIn("ada@example.org", password: goodPassword, from: "203.0.113.77").status == 429)
        }
    }
}
