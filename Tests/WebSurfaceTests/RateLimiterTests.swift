// SPDX-License-Identifier: Apache-2.0
import Testing
import WebTestSupport

@testable import WebSurface

@Suite struct RateLimiterTests {
    private static let second: Int64 = 1_000_000_000

    @Test func aBucketEmptiesAndRefillsEvenly() {
        var limiter = RateLimiter(RateLimit(perMinute: 60), capacity: 64)
        for taken in 1...60 {
            let allowance = limiter.take(7, now: 0)
            #expect(allowance == .init(isAllowed: true, limit: 60, remaining: 60 - taken, reset: taken, retryAfter: 0))
        }
        #expect(limiter.take(7, now: 0) == .init(isAllowed: false, limit: 60, remaining: 0, reset: 60, retryAfter: 1))
        #expect(!limiter.take(7, now: Self.second - 1).isAllowed)
        #expect(limiter.take(7, now: Self.second) == .init(isAllowed: true, limit: 60, remaining: 0, reset: 60, retryAfter: 0))
        // Refused requests cost nothing.
        for _ in 0..<1000 { #expect(!limiter.take(7, now: Self.second).isAllowed) }
        #expect(limiter.take(7, now: 61 * Self.second).remaining == 59)
        // Others have buckets of their own.
        #expect(limiter.take(8, now: 0).remaining == 59)
    }

    /// Whatever comes when, a client never has more than a burst and the refill.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func neverMoreThanBurstAndRefill(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let perMinute = Int.random(in: 1...500, using: &random)
        var limiter = RateLimiter(RateLimit(perMinute: perMinute), capacity: 64)
        var now = Int64.random(in: 0...1_000_000, using: &random)
        let start = now
        var allowed = 0
        for _ in 0..<5_000 {
            now += Int64.random(in: 0...40_000_000, using: &random)
            let allowance = limiter.take(1, now: now)
            allowed += allowance.isAllowed ? 1 : 0
            #expect((0...perMinute).contains(allowance.remaining) && allowance.reset <= 60)
            #expect(allowance.isAllowed == (allowance.retryAfter == 0))
            #expect(Int64(allowed) * 60_000_000_000 <= Int64(perMinute) * (60_000_000_000 + now - start) + 60_000_000_000)
        }
        #expect(Int64(allowed) * 60_000_000_000 >= min(5_000 * 60_000_000_000, Int64(perMinute) * (now - start)) / 2)
    }

    @Test func memoryIsBoundedAndStrangersTakeNothingFromAnybody() {
        var limiter = RateLimiter(RateLimit(perMinute: 10), capacity: 64)
        for _ in 0..<10 { _ = limiter.take(1, now: 0) }
        var random = SeededRandom(seed: 3)
        // Flooded: the emptiest buckets stay, and nobody new finds a bucket that another has emptied.
        for _ in 0..<10_000 { #expect(limiter.take(random.next(), now: 0).remaining == 9) }
        #expect(!limiter.take(1, now: 0).isAllowed)
    }

    @Test func aClientMayHaveALimitOfItsOwn() {
        var limiter = RateLimiter(RateLimit(perMinute: 10), capacity: 64)
        let own = RateLimit(perMinute: 600)
        for left in (0..<600).reversed() {
            #expect(
                limiter.take(1, now: 0, own: own)
                    == .init(isAllowed: true, limit: 600, remaining: left, reset: 60 - left / 10, retryAfter: 0))
        }
        #expect(!limiter.take(1, now: 0, own: own).isAllowed)
        #expect(limiter.take(1, now: Self.second, own: own).remaining == 9)
        // Lowered, the bucket stays as empty as it was; raised, as full. It never overflows either way.
        #expect(limiter.take(1, now: 31 * Self.second, own: RateLimit(perMinute: 2)).remaining == 0)
        #expect(!limiter.take(1, now: 31 * Self.second, own: RateLimit(perMinute: 2)).isAllowed)
        #expect(limiter.take(2, now: 0).limit == 10)
    }

    @Test func clientsAreToldApart() {
        func same(_ one: String, _ other: String) -> Bool { ClientKey(address: one) == ClientKey(address: other) }
        #expect(same("2001:db8::1", "2001:db8::ffff:1") && !same("2001:db8::1", "2001:db8:0:1::1"))
        #expect(!same("192.0.2.1", "192.0.2.2") && !same("::ffff:192.0.2.1", "::ffff:192.0.2.2"))
        #expect(ClientKey(token: "a") != ClientKey(token: "b") && ClientKey(address: "x") == ClientKey(address: "x"))
    }
}

@Suite struct RequestLimitTests {
    private static let trusted = TrustedProxies([AddressBlock("127.0.0.0/8")!])

    @Test func eachAddressHasItsLimit() async throws {
        try await LiveServer.run {
            $0.options.addressLimit = RateLimit(perMinute: 3)
            $0.options.trustedProxies = Self.trusted
        } _: { server in
            func get(_ address: String, _ path: String = "/api/remote") async throws -> RawAnswer {
                try #require(try await server.request("GET", path, ["X-Forwarded-For": address]))
            }
            for left in [2, 1, 0] {
                let answer = try await get("192.0.2.1")
                #expect(answer.status == 200 && answer.header("RateLimit-Limit") == "3")
                #expect(answer.header("RateLimit-Remaining") == "\(left)" && answer.header("RateLimit-Reset") != nil)
            }
            // Whatever they ask for, in whatever way.
            for path in ["/api/remote", "/nowhere", "/ready", "/api/%zz"] {
                let answer = try await get("192.0.2.1", path)
                #expect(answer.status == 429 && answer.body == #"{"status":429,"error":"Too Many Requests"}"#)
                #expect(Int(answer.header("Retry-After") ?? "").map { (1...20).contains($0) } == true)
                #expect(answer.header("RateLimit-Remaining") == "0" && answer.header("X-Request-Id") != nil)
            }
            #expect(try await get("192.0.2.1", "/health").status == 200)
            #expect(try await get("192.0.2.2").status == 200)
        }
    }

    @Test func eachTokenHasItsLimit() async throws {
        try await LiveServer.run {
            $0.options.tokenLimit = RateLimit(perMinute: 2)
        } _: { server in
            func get(_ headers: [String: String]) async throws -> RawAnswer {
                try #require(try await server.request("GET", "/api/remote", headers))
            }
            #expect(try await get(["api_access_token": "one"]).header("RateLimit-Remaining") == "1")
            // However it is presented.
            #expect(try await get(["Authorization": "Bearer one"]).header("RateLimit-Remaining") == "0")
            #expect(try await get(["api-access-token": "one"]).status == 429)
            #expect(try await get(["api_access_token": "two"]).status == 200)
            let without = try await get([:])
            #expect(without.status == 200 && without.header("RateLimit-Limit") == nil)
        }
    }

    @Test func theTighterOfTwoLimitsAnswers() async throws {
        try await LiveServer.run {
            $0.options.addressLimit = RateLimit(perMinute: 4)
            $0.options.tokenLimit = RateLimit(perMinute: 2)
        } _: { server in
            func get(_ token: String) async throws -> RawAnswer {
                try #require(try await server.request("GET", "/api/remote", ["api_access_token": token]))
            }
            #expect(try await get("one").header("RateLimit-Limit") == "2")
            #expect(try await get("one").status == 200)
            #expect(try await get("one").header("RateLimit-Limit") == "2")
            // Many forged tokens are still one address.
            #expect(try await get("forged").header("RateLimit-Limit") == "4")
            let refused = try await get("another")
            #expect(refused.status == 429 && refused.header("RateLimit-Limit") == "4")
        }
    }

    @Sendable private static func own(_ token: String) -> OwnLimit? {
        token.hasPrefix("own") ? OwnLimit(client: 7, RateLimit(perMinute: 3)) : nil
    }

    @Test func tokensOfOneClientShareItsOwnLimit() async throws {
        try await LiveServer.run {
            $0.options.tokenLimit = RateLimit(perMinute: 2)
            $0.options.ownLimit = Self.own
        } _: { server in
            func get(_ token: String) async throws -> RawAnswer {
                try #require(try await server.request("GET", "/api/remote", ["api_access_token": token]))
            }
            #expect(try await get("own-1").header("RateLimit-Limit") == "3")
            #expect(try await get("own-2").header("RateLimit-Remaining") == "1")
            #expect(try await get("own-1").header("RateLimit-Remaining") == "0")
            let refused = try await get("own-2")
            #expect(refused.status == 429 && refused.header("RateLimit-Limit") == "3")
            #expect(try await get("other").header("RateLimit-Limit") == "2")
        }
    }
}
