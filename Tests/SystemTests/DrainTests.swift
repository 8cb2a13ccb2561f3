// SPDX-License-Identifier: Apache-2.0
import Foundation
import PostgresTestSupport
import Testing

/// What happens to requests when the daemon, or its database, goes away under them.
@Suite(.serialized) struct DrainTests {
    private static let account = #"{"name":"Drained"}"#

    @Test func aDaemonThatStopsAnswersWhatItHasRead() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let daemon = try await replicas.serve()
            let port = try #require(daemon.port)
            let token = replicas.token
            let isWarm = Flag()
            async let load = Load.run(workers: 16) { number -> (answered: Int, written: Int, torn: Int) in
                let client = LoadClient(port: port)
                var (answered, written, torn) = (0, 0, 0)
                while true {
                    let writes = (answered + number) % 3 == 0
                    let outcome =
                        writes
                        ? client.send("POST", "accounts", token: token, body: Self.account)
                        : client.send("GET", "accounts/1", token: token)
                    guard let status = outcome.status else { return (answered, written, torn + (outcome == .torn ? 1 : 0)) }
                    if status != 200, !(status == 401 && !writes) { torn += 1 }
                    answered += 1
                    written += writes ? 1 : 0
                    if answered > 30 { isWarm.set() }
                }
            }
            try await MusterFixture.eventually("there is load") { isWarm.isSet }

            // A request of which the head was read, and the body is still on its way.
            let slow = Self.halfSent(port: port, token: token)
            #expect(try await daemon.status("health") == 200)
            kill(daemon.pid, SIGTERM)
            let results = await load
            #expect(Self.isRefused(port: port))
            #expect(slow.send("Drained\"}") && slow.read().status == 200)
            #expect(try await daemon.end(0) == 0)

            let answered = results.map(\.answered).reduce(0, +)
            let written = results.map(\.written).reduce(0, +) + 1
            #expect(results.allSatisfy { $0.torn == 0 })
            // What was read is in the log, and what was written is in the database: both were answered.
            let logged = daemon.text.split(separator: "\n").filter {
                $0.contains(" request ") && $0.contains("path=/platform/api/v1/accounts")
            }
            #expect(logged.count == answered + 1)
            #expect(try await replicas.count("select count(*) from accounts") == written)
            print("drained after \(answered) answers, \(written) of them writes")
        }
    }

    /// Sends all of a POST but nine bytes, and waits until the daemon must have read its head.
    private static func halfSent(port: Int, token: String) -> LoadClient {
        let client = LoadClient(port: port)
        let text = LoadClient.text("POST", "/platform/api/v1/accounts", ["api_access_token": token], account)
        _ = client.send(String(text.dropLast(9)))
        return client
    }

    private static func isRefused(port: Int) -> Bool {
        let client = LoadClient(port: port)
        return !client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n") || client.read() == .unanswered
    }

    @Test func anOutageOfTheDatabaseIsSaidAndEnds() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let daemon = try await replicas.serve()
            let port = try #require(daemon.port)
            let token = replicas.token
            let (isWarm, isOver) = (Flag(), Flag())
            #expect(LoadClient(port: port).send("POST", "accounts", token: token, body: Self.account).status == 200)
            async let load = Load.run(workers: 8) { number -> (written: [String], odd: [String], refused: Int) in
                let client = LoadClient(port: port)
                var (written, odd, refused) = ([String](), [String](), 0)
                var round = 0
                while !isOver.isSet {
                    round += 1
                    let writes = (round + number) % 2 == 0
                    let name = "\(number).\(round)"
                    let outcome =
                        writes
                        ? client.send("POST", "accounts", token: token, body: #"{"name":"\#(name)"}"#)
                        : client.send("GET", "accounts/1", token: token)
                    switch outcome {
                    case .answered(200, _, _): if writes { written.append(name) }
                    case .answered(503, let headers, let body):
                        refused += 1
                        if headers["retry-after"] != "1" || body != #"{"status":503,"error":"Service Unavailable"}"# {
                            odd.append("\(outcome)")
                        }
                    default: odd.append("\(outcome)")
                    }
                    if round > 10 { isWarm.set() }
                }
                return (written, odd, refused)
            }
            try await MusterFixture.eventually("there is load") { isWarm.isSet }
            replicas.server.stop(keepingData: true)
            try await Task.sleep(for: .milliseconds(300))
            try replicas.server.start()
            let back = ContinuousClock.now
            try await MusterFixture.eventually("requests are answered again") {
                try await daemon.get("platform/api/v1/accounts/1", token: token).status == 200
            }
            let recovery = ContinuousClock.now - back
            isOver.set()
            let results = await load
            print("answered again \(recovery) after the server was back; \(results.map(\.refused).reduce(0, +)) answers of 503")
            #expect(results.flatMap(\.odd) == [])
            // What was answered is there. What was refused may be: the connection broke before the answer came.
            let written = results.flatMap(\.written)
            let names = written.map { "'\($0)'" }.joined(separator: ",")
            #expect(try await replicas.count("select count(*) from accounts where name in (\(names))") == written.count)
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }
}
