// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What hours of work leave behind in the daemon: nothing.
@Suite(.serialized) struct SteadyTests {
    private static let duration: TimeInterval = MusterFixture.isSoak ? 600 : 4
    /// Kilobytes.
    private static let memoryLimit = 128 * 1024

    /// Every kind of call, several at once; a sample of the daemon's memory ten times a second.
    @Test func aMixedLoadLeavesTheMemoryFlat() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let daemon = try await replicas.serve()
            let port = try #require(daemon.port)
            let token = replicas.token
            let end = Date(timeIntervalSinceNow: Self.duration)
            async let load = Load.run(workers: 8) { number -> (calls: Int, odd: [String]) in
                var mixed = MixedCalls(client: LoadClient(port: port), token: token, number: number)
                while Date.now < end { mixed.round() }
                return (calls: mixed.calls, odd: mixed.odd)
            }
            var memory: [Int] = []
            while Date.now < end {
                memory.append(try Self.residentKilobytes(daemon.pid))
                try await Task.sleep(for: .milliseconds(100))
            }
            let results = await load
            let odd = results.flatMap(\.odd)
            #expect(odd.isEmpty, "\(odd.count): \(odd.prefix(5))")
            let calls = results.map(\.calls).reduce(0, +)
            let third = memory.count / 3
            let (middle, last) = (Self.median(memory[third..<(2 * third)]), Self.median(memory[(2 * third)...]))
            print("\(calls) calls; peak \(memory.max() ?? 0) KB, median of the second third \(middle) KB, of the last \(last) KB")
            #expect(memory.max() ?? .max <= Self.memoryLimit)
            // A warm-up is no leak, so that seconds prove nothing here.
            if MusterFixture.isSoak { #expect(last <= middle + middle / 10) }
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    private static func residentKilobytes(_ pid: pid_t) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.filter(\.isNumber)))
    }

    private static func median(_ values: ArraySlice<Int>) -> Int { values.sorted()[values.count / 2] }
}

/// One caller of everything: a person's life from the first call to the last, once a round.
private struct MixedCalls {
    let client: LoadClient
    let token: String
    let number: Int
    private(set) var calls = 0
    /// Answers that are none of those that were due.
    private(set) var odd: [String] = []

    init(client: LoadClient, token: String, number: Int) {
        (self.client, self.token, self.number) = (client, token, number)
    }

    mutating func round() {
        let name = "\(number).\(calls)"
        guard let account = id(ask("POST", "accounts", #"{"name":"Steady \#(name)"}"#)),
            let user = id(ask("POST", "users", #"{"name":"Ada \#(name)","email":"\#(name)@x.org","password":"Harbour1!"}"#))
        else { return }
        ask("POST", "accounts/\(account)/account_users", #"{"user_id":\#(user),"role":"agent"}"#)
        for _ in 0..<10 { ask("GET", "users/\(user)") }
        ask("PATCH", "users/\(user)", #"{"custom_attributes":{"title":"Analyst"}}"#)
        ask("PATCH", "users/\(user)", #"{"name":""}"#, wanted: 422)
        ask("GET", "users/0", wanted: 404)
        ask("GET", "users?limit=50")
        ask("GET", "accounts/\(account)/account_users")
        ask("POST", "users/\(user)/token")
        ask("GET", "users/\(user)/login")
        ask("PUT", "provision", #"{"external_id":"\#(name)","email":"p\#(name)@x.org","name":"P","accounts":[]}"#)
        ask("GET", "audit_events?limit=20")
        ask("DELETE", "users/\(user)")
        ask("DELETE", "accounts/\(account)")
    }

    @discardableResult
    private mutating func ask(_ method: String, _ path: String, _ body: String = "", wanted: Int = 200) -> LoadClient.Outcome {
        calls += 1
        let outcome = client.send(method, path, token: token, body: body)
        if outcome.status != wanted { odd.append("\(method) \(path): \(outcome)") }
        return outcome
    }

    private func id(_ outcome: LoadClient.Outcome) -> Int64? {
        guard case .answered(200, _, let body) = outcome else { return nil }
        return (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])?["id"] as? Int64
    }
}
