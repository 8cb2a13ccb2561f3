// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import InMemoryLogging
import Logging
import NIOCore
import Postgres
import Synchronization
import Testing
import Work

/// From the outbox to a receiver, over real sockets.
@Suite struct DeliveryTests {
    @Test func signedAsStandardWebhooksSays() async throws {
        try await withDirectory { world in
            let receiver = Receiver()
            try await receiver.listening { port in
                let app = try await world.app("One")
                let hook = try await world.webhook("http://hooks.example:\(port)/in?x=1", by: app)
                _ = try await world.user("a@x.org", by: app)
                try await world.deliverAll(world.worker(hosts: ["hooks.example": ["127.0.0.1"]]))
                let message = try #require(receiver.received.first)
                let secret = try #require(hook.secret)
                #expect(secret.hasPrefix("whsec_") && receiver.received.count == 1)
                #expect(message.signature == (try message.signature(with: secret)))
                #expect(abs((Double(message.timestamp) ?? 0) - Date().timeIntervalSince1970) < 300)
                // The address was ours to choose, the name stayed.
                #expect(message.host == "hooks.example:\(port)" && message.path == "/in")
                #expect(message.type == "user.created")
                #expect(
                    try await world.count(
                        "select count(*) from deliveries where state = 'delivered' and last_status = 204 and attempts = 1") == 1)
                // Nobody who steals the database can sign.
                let dump = try await world.text("select string_agg(w::text, '') from webhooks w")
                #expect(!dump.contains(secret.dropFirst(6)))
            }
        }
    }

    @Test func failingObjectsKeepTheirOrderAndHoldUpNobodyElse() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let seed = UInt64.random(in: .min ... .max)
            print("seed \(seed)")
            let failures = Mutex<[String: Int]>([:])
            let receiver = Receiver { message, _ in
                // Every message of user 1 fails five times, others by a rule that looks random.
                let count = failures.withLock { counts in
                    counts[message.id, default: 0] += 1
                    return counts[message.id] ?? 0
                }
                let stubborn =
                    message.subject == "user 1" ? 5 : Int((seed ^ UInt64(message.body.utf8.count &* 2_654_435_761)) % 3)
                return Response(status: count <= stubborn ? .internalServerError : .ok)
            }
            try await receiver.listening { port in
                let app = try await world.app("One")
                _ = try await world.webhook("http://127.0.0.1:\(port)/", ["user.created", "user.updated"], by: app)
                var users: [Int64] = []
                for number in 1...5 { users.append(try await world.user("u\(number)@x.org", by: app).id) }
                for round in 1...4 { for user in users { try await world.rename(user, "N\(round)", by: app) } }
                // Two daemons.
                try await world.run([world.worker(), world.worker()]) {
                    try await world.count(
                        "select (select count(*) from outbox) + (select count(*) from deliveries where state = 'pending')") == 0
                }
                #expect(try await world.count("select count(*) from deliveries where state = 'delivered'") == 25)
                let bySubject = Dictionary(grouping: receiver.received, by: \.subject)
                #expect(bySubject.count == 5)
                for (subject, messages) in bySubject {
                    let ids = messages.compactMap { Int($0.id.dropFirst(4)) }
                    #expect(ids == ids.sorted(), "\(subject): \(ids)")
                    #expect(Set(ids).count == 5)
                    // A repetition is byte for byte what came before.
                    for same in Dictionary(grouping: messages, by: \.id).values { #expect(Set(same.map(\.body)).count == 1) }
                }
                // The others were done while user 1 was still failing.
                let last = try #require(receiver.received.last)
                #expect(last.subject == "user 1")
            }
        }
    }

    @Test(arguments: ["redirect", "hang", "huge", "closed"]) func badReceivers(_ kind: String) async throws {
        try await withDirectory { world in
            let elsewhere = Receiver()
            let receiver = Receiver { _, number in
                switch kind {
                case "redirect": return Response(status: .temporaryRedirect, headers: [.location: "http://127.0.0.1:1/internal"])
                case "hang": try await Task.sleep(for: .seconds(600))
                case "huge":
                    return Response(
                        status: .ok,
                        body: .init { writer in
                            let chunk = ByteBuffer(repeating: 0x61, count: 1 << 16)
                            // 64 GB, if anybody reads them.
                            for _ in 0..<1_000_000 { try await writer.write(chunk) }
                            try await writer.finish(nil)
                        })
                default: break
                }
                return Response(status: .ok)
            }
            try await receiver.listening { port in
                let app = try await world.app("One")
                _ = try await world.webhook("http://127.0.0.1:\(kind == "closed" ? 1 : port)/", by: app)
                _ = try await world.user("a@x.org", by: app)
                let worker = world.worker(limit: kind == "hang" ? .milliseconds(300) : .seconds(20), firstPause: .seconds(60))
                try await world.run([worker]) { try await world.count("select count(*) from deliveries where attempts = 1") == 1 }
                let outcome = try await world.text(
                    "select concat_ws(' ', state, last_status, last_error) from deliveries")
                switch kind {
                case "redirect": #expect(outcome == "pending 307 refused")
                case "hang": #expect(outcome == "pending timeout")
                case "huge": #expect(outcome == "delivered 200")
                default: #expect(outcome == "pending connection_failed")
                }
                #expect(elsewhere.received.isEmpty)
            }
        }
    }

    @Test func forbiddenDestinationsAreNotCalled() async throws {
        try await withDirectory { world in
            let receiver = Receiver()
            try await receiver.listening { port in
                let app = try await world.app("One")
                let cases: [(url: String, code: String)] = [
                    ("http://127.0.0.1:\(port)/", "address_forbidden"), ("https://127.0.0.1:\(port)/", "address_forbidden"),
                    ("http://inner.example:\(port)/", "address_forbidden"), ("http://both.example:\(port)/", "address_forbidden"),
                    ("http://[::1]:\(port)/", "address_forbidden"), ("http://meta.example/", "address_forbidden"),
                    ("http://public.example/", "https_required"), ("https://nowhere.example/", "host_not_found"),
                ]
                for item in cases { _ = try await world.webhook(item.url, ["user.created"], by: app) }
                _ = try await world.user("a@x.org", by: app)
                let worker = world.worker(
                    allowing: [],
                    hosts: [
                        "inner.example": ["127.0.0.1"], "both.example": ["93.184.216.34", "127.0.0.1"],
                        "meta.example": ["169.254.169.254"],
                        "public.example": ["93.184.216.34"], "::1": ["::1"],
                    ], firstPause: .seconds(60))
                try await world.run([worker]) {
                    try await world.count("select count(*) from deliveries where attempts = 1") == cases.count
                }
                let codes = try await world.postgres.query("select last_error from deliveries order by webhook_id").map {
                    try $0.decode(String.self, "last_error")
                }
                #expect(codes == cases.map(\.code))
                #expect(receiver.received.isEmpty)
            }
        }
    }

    @Test func givenUpAfterThreeDaysAndSentAgainOnDemand() async throws {
        try await withDirectory { world in
            let isDown = Mutex(true)
            let receiver = Receiver { _, _ in Response(status: isDown.withLock { $0 } ? .serviceUnavailable : .ok) }
            try await receiver.listening { port in
                let app = try await world.app("One")
                let hook = try await world.webhook("http://127.0.0.1:\(port)/", by: app)
                let user = try await world.user("a@x.org", by: app)
                try await world.rename(user.id, "B", by: app)
                try await world.divideAll()
                let span = "select extract(epoch from min(deadline - created_at))::bigint from deliveries"
                #expect(try await world.count(PostgresQuery(unescaped: span)) == 3 * 86_400)
                try await world.postgres.execute(
                    "update deliveries set deadline = now() + interval '1 millisecond' where type = 'user.created'")
                try await world.run([world.worker()]) {
                    try await world.count("select count(*) from deliveries where attempts > 2 and type = 'user.updated'") == 1
                }
                #expect(
                    try await world.text("select state || attempts from deliveries where type = 'user.created'") == "failed1")
                isDown.withLock { $0 = false }
                try await world.deliverAll()
                let log = try await world.directory.webhooks.deliveries(hook.id, PageRequest(limit: 10), by: app.caller).items
                #expect(log.map(\.state) == [.delivered, .failed])
                let again = try await world.directory.webhooks.redeliver(hook.id, delivery: log[1].id, by: app.caller)
                #expect(again.state == .pending && again.attempts == 0)
                try await world.deliverAll()
                let last = try #require(receiver.received.last)
                #expect(last.id == log[1].messageID && last.type == "user.created")
            }
        }
    }

    @Test func aSenderThatDiesIsSucceededUnderTheSameMessageID() async throws {
        try await withDirectory { world in
            let receiver = Receiver { _, number in
                if number == 1 { try await Task.sleep(for: .seconds(600)) }
                return Response(status: .ok)
            }
            try await receiver.listening { port in
                let app = try await world.app("One")
                _ = try await world.webhook("http://127.0.0.1:\(port)/", by: app)
                _ = try await world.user("a@x.org", by: app)
                // Killed in the middle of the request: nothing of it is noted, its lease stands.
                let doomed = Task { try await world.worker().run() }
                while receiver.received.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                try await world.postgres.execute("update jobs set lease = gen_random_uuid()")
                doomed.cancel()
                try? await doomed.value
                #expect(try await world.count("select count(*) from deliveries where attempts = 0 and state = 'pending'") == 1)
                #expect(try await world.count("select count(*) from jobs where lease is not null and kind = 'webhook'") == 1)
                try await world.postgres.execute("update jobs set leased_until = now() - interval '1 second'")
                try await world.deliverAll()
                #expect(receiver.received.count == 2 && Set(receiver.received.map(\.id)).count == 1)
            }
        }
    }

    @Test func logsAndErrorsHoldNoSecret() async throws {
        try await withDirectory { world in
            let memory = InMemoryLogHandler()
            var logger = Logger(label: "memory", factory: { _ in memory })
            logger.logLevel = .trace
            let receiver = Receiver { _, _ in Response(status: .badGateway) }
            let spoken = logger
            try await receiver.listening { port in
                let app = try await world.app("One")
                let hook = try await world.webhook("http://127.0.0.1:\(port)/?key=hidden-in-query", by: app)
                for number in 1...4 { _ = try await world.user("u\(number)@x.org", by: app) }
                try await world.run([world.worker(logger: spoken)]) { receiver.received.count > 8 }
                let secret = String(try #require(hook.secret).dropFirst(6))
                let log = memory.entries.map { "\($0)" }.joined(separator: "\n")
                #expect(log.contains("a job failed"))
                let stored = try await world.text(
                    "select string_agg(t, '') from (select j::text from jobs j union all select d::text from deliveries d union all select e::text from audit_events e) x(t)"
                )
                for text in [log, stored] {
                    #expect(
                        !text.contains(secret) && !text.contains("whsec_") && !text.contains("hidden-in-query")
                            && !text.contains("v1,"))
                }
            }
        }
    }
}
