// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Three daemons on one database.
@Suite(.serialized) struct ReplicaTests {
    static let calls = MusterFixture.isSoak ? 20_000 : 600

    @Test func oneOfThreeIsKilledUnderLoad() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            // Started at once: one migrates, the others wait for it.
            async let first = replicas.serve("one")
            async let second = replicas.serve("two")
            async let third = replicas.serve("three")
            let daemons = try await [first, second, third]
            let ports = try daemons.map { try #require($0.port) }
            let token = replicas.token
            let isWarm = Flag()
            let opening = LoadClient(port: ports[0]).send("POST", "accounts", token: token, body: #"{"name":"opening"}"#)
            #expect(opening.status == 200)

            async let load = Load.run(workers: 12) { number -> (sent: Int, retried: Int, odd: [String]) in
                let clients = ports.map { LoadClient(port: $0) }
                var (retried, odd) = (0, [String]())
                let calls = Self.calls / 12
                for call in 0..<calls {
                    // Each call is sent, under its key, to one daemon after the other until one says that it is done.
                    let name = "\(number).\(call)"
                    var attempt = 0
                    while true {
                        let client = clients[(number + call + attempt) % clients.count]
                        let outcome = client.send("POST", "accounts", token: token, key: name, body: #"{"name":"\#(name)"}"#)
                        attempt += 1
                        if outcome.status == 200 { break }
                        if let status = outcome.status, ![409, 503].contains(status) { odd.append("\(outcome)") }
                        guard attempt < 200 else {
                            odd.append("no answer to \(name)")
                            break
                        }
                        usleep(2_000)
                    }
                    retried += attempt - 1
                    // And once more, to another: carried out already.
                    if call % 4 == 0 {
                        let again = clients[(number + call + attempt) % clients.count]
                            .send("POST", "accounts", token: token, key: name, body: #"{"name":"\#(name)"}"#)
                        if let status = again.status, status != 200 { odd.append("again: \(again)") }
                    }
                    let read = clients[(call + 1) % clients.count].send("GET", "accounts/1", token: token)
                    if let status = read.status, status != 200 { odd.append("read: \(read)") }
                    if call > calls / 4 { isWarm.set() }
                }
                return (calls, retried, odd)
            }
            try await MusterFixture.eventually("there is load") { isWarm.isSet }
            _ = try await daemons[1].end(SIGKILL)
            let results = await load
            let sent = results.map(\.sent).reduce(0, +)
            print("\(sent) calls under \(sent) keys, \(results.map(\.retried).reduce(0, +)) sent again")
            #expect(results.flatMap(\.odd) == [])
            #expect(try await replicas.count("select count(*) from accounts") == sent + 1)
            #expect(try await replicas.count("select count(distinct name) from accounts") == sent + 1)
            #expect(try await replicas.count("select count(*) from audit_events where action = 'account.create'") == sent + 1)

            let metrics = try await daemons[0].get("metrics", token: nil)
            #expect(
                metrics.status == 200
                    && metrics.body.contains(#"http_requests_total{method="POST",route="/platform/api/v1/accounts""#))
            for gauge in [
                "muster_pool_connections{state=", "muster_database_up 1", "muster_sync_runs{state=",
                "process_resident_memory_bytes ",
            ] {
                #expect(metrics.body.contains(gauge), "\(gauge)")
            }

            // Revoked for one is revoked for all, with the next request.
            for daemon in [daemons[0], daemons[2]] {
                #expect(try await daemon.get("platform/api/v1/accounts/1", token: token).status == 200)
            }
            _ = try await replicas.count(
                "with gone as (update access_tokens set revoked_at = now() where owner_kind = 'platform_app' returning 1) select count(*) from gone"
            )
            for daemon in [daemons[0], daemons[2]] {
                #expect(try await daemon.get("platform/api/v1/accounts/1", token: token).status == 401)
                #expect(try await daemon.end(SIGTERM) == 0)
            }
        }
    }
}
