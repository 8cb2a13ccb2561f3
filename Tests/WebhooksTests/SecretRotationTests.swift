// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Hummingbird
import Postgres
import Testing

/// What changes about a webhook while it is in use.
@Suite struct SecretRotationTests {
    @Test func signedWithBothSecretsDuringTheOverlap() async throws {
        try await withDirectory { world in
            let receiver = Receiver()
            try await receiver.listening { port in
                let app = try await world.app("One")
                let hook = try await world.webhook("http://127.0.0.1:\(port)/", by: app)
                func rotate(overlap: Int64) async throws -> String {
                    var rotation = SecretRotation()
                    rotation.overlap = overlap
                    return try #require(try await world.directory.webhooks.rotate(hook.id, rotation, by: app.caller).secret)
                }
                func next() async throws -> Message {
                    _ = try await world.user("u\(receiver.received.count)@x.org", by: app)
                    try await world.deliverAll()
                    return try #require(receiver.received.last)
                }
                func expect(_ message: Message, _ secrets: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
                    let signatures = try secrets.map { try message.signature(with: $0) }
                    #expect(message.signature == signatures.joined(separator: " "), sourceLocation: sourceLocation)
                }
                let first = try #require(hook.secret)
                try expect(await next(), [first])
                let second = try await rotate(overlap: 3_600)
                try expect(await next(), [second, first])
                try await world.postgres.execute("update webhooks set previous_until = now() - interval '1 second'")
                try expect(await next(), [second])
                let third = try await rotate(overlap: 3_600)
                let fourth = try await rotate(overlap: 3_600)
                try expect(await next(), [fourth, third])
                let fifth = try await rotate(overlap: 0)
                try expect(await next(), [fifth])
                #expect(Set([first, second, third, fourth, fifth]).count == 5)
                let dump = try await world.text("select string_agg(w::text, '') from webhooks w")
                for secret in [third, fourth, fifth] { #expect(!dump.contains(secret.dropFirst(6))) }
            }
        }
    }

    @Test func whatChangesWhileItIsSentToChangesAtOnce() async throws {
        try await withDirectory { world in
            let receiver = Receiver()
            try await receiver.listening { port in
                let app = try await world.app("One")
                let hook = try await world.webhook("http://127.0.0.1:\(port)/", ["user.created"], by: app)
                // The receiver holds the first batch up until the webhook has been switched off.
                let slow = Receiver { _, _ in
                    var off = WebhookDraft()
                    off.enabled = false
                    _ = try await world.directory.webhooks.update(hook.id, off, by: app.caller)
                    return Response(status: .ok)
                }
                try await slow.listening { port in
                    var draft = WebhookDraft()
                    draft.url = "http://127.0.0.1:\(port)/"
                    _ = try await world.directory.webhooks.update(hook.id, draft, by: app.caller)
                    for number in 1...12 { _ = try await world.user("u\(number)@x.org", by: app) }
                    try await world.run([world.worker()]) {
                        try await world.count(
                            """
                            select count(*) from webhooks where disabled_at is not null
                            and not exists (select from jobs where kind = 'webhook')
                            """) == 1
                    }
                    #expect((1...4).contains(slow.received.count))
                }
                #expect(receiver.received.isEmpty)
            }
        }
    }
}

extension Message {
    /// What a receiver that has the secret expects.
    func signature(with secret: String) throws -> String {
        let key = try #require(Data(base64Encoded: String(secret.dropFirst(6))))
        #expect(key.count == 32)
        return "v1," + Data(HMAC256.code(Array("\(id).\(timestamp).\(body)".utf8), key: Array(key))).base64EncodedString()
    }
}
