// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebSurface
import WebTestSupport

/// Exports that are sent, over real sockets.
@Suite(.serialized) struct UploadTests {
    private static let runs = "/sync/office/runs"

    @Test func anUploadIsAppliedAndShown() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let answer = try await app.post("\(Self.runs)?mode=apply&filename=people.json", SyncSite.export(1...3))
            try #require(answer.status == 202, "\(answer)")
            let id = try #require(try answer.json()["id"]?.integer)
            #expect(answer.headers["location"] == "/platform/api/v1/sync/office/runs/\(id)")
            let run = try await site.ended(id)
            #expect(run.state == "done" && run.fileName == "people.json" && run.actor == "platform_app", "\(run)")
            #expect(run.platformAppID == site.office.id)
            try await eventually("the spool is empty") { site.spooled.isEmpty }
            let shown = try await app.get("\(Self.runs)/\(id)").json()
            #expect(shown["state"]?.string == "done" && shown["file"]?.string == "people.json")
            #expect(try await app.get(Self.runs).json().elements.map { $0["id"]?.integer } == [id])
            let changes = try await app.get("\(Self.runs)/\(id)/changes").json().elements
            #expect(changes.map { $0["label"]?.string } == ["p1@example.org", "p2@example.org", "p3@example.org"])
            #expect(try await app.get("\(Self.runs)/\(id)/findings").json().elements.isEmpty)
            #expect(try await site.world.count("select count(*) from users where email like 'p_@example.org'") == 3)
            #expect(
                try await site.world.count(
                    "select count(*) from audit_events where action = 'run.begin' and platform_app_id = \(site.office.id)") == 1)
        }
    }

    @Test func aPlanWaitsUntilItIsApprovedAndIsUndone() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let planned = try await app.post(Self.runs, SyncSite.export(1...4))
            let id = try #require(try planned.json()["id"]?.integer, "\(planned)")
            #expect(try await site.ended(id, ["planned"]).state == "planned")
            #expect(try await site.world.count("select count(*) from users where email like 'p_@example.org'") == 0)

            let wrong = try await app.post("\(Self.runs)/\(id)/reject", #"{"changes":[99]}"#)
            #expect(wrong.status == 422, "\(wrong)")
            let one = try await app.post("\(Self.runs)/\(id)/reject", #"{"changes":[2],"reason":"not her"}"#)
            #expect(one.status == 200, "\(one)")
            let whole = try await app.post("\(Self.runs)/\(id)/approve", "{}")
            #expect(whole.status == 200, "\(whole)")
            #expect(try await app.post("\(Self.runs)/\(id)/approve", "{}").status == 422)
            // What the daemon does once a second.
            _ = try await site.reconciler.applyWaiting()
            let run = try await site.ended(id, ["done"])
            #expect(run.decidedBy == "platform_app")
            #expect(try await site.world.count("select count(*) from users where email like 'p_@example.org'") == 3)

            let undone = try await app.post("\(Self.runs)/\(id)/undo?mode=apply", "")
            try #require(undone.status == 202, "\(undone)")
            let reverse = try #require(try undone.json()["id"]?.integer)
            #expect(undone.headers["location"] == "/platform/api/v1/sync/office/runs/\(reverse)")
            #expect(try await site.ended(reverse).state == "done")
            #expect(try await site.world.count("select count(*) from suspensions where subject_kind = 'user'") == 3)
            let again = try await app.post("\(Self.runs)/\(reverse + 1_000)/undo", "")
            #expect(again.status == 404, "\(again)")
        }
    }

    @Test func whatWasApprovedAloneIsApplied() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let planned = try await app.post(Self.runs, SyncSite.export(1...4))
            let id = try #require(try planned.json()["id"]?.integer, "\(planned)")
            _ = try await site.ended(id, ["planned"])
            // Approved, it waits for more decisions; with `only` it is over.
            #expect(try await app.post("\(Self.runs)/\(id)/approve", #"{"changes":[3]}"#).status == 200)
            guard case .none = try await site.reconciler.applyWaiting() else {
                Issue.record("what waits for a person is applied")
                return
            }
            let unsure = try await app.post("\(Self.runs)/\(id)/approve", #"{"changes":[1],"only":"perhaps"}"#)
            #expect(unsure.status == 422 && unsure.body.contains("only"), "\(unsure)")
            let only = try await app.post("\(Self.runs)/\(id)/approve", #"{"changes":[1],"only":true}"#)
            #expect(only.status == 200, "\(only)")
            _ = try await site.reconciler.applyWaiting()
            #expect(try await site.ended(id, ["done"]).decidedBy == "platform_app")
            let made = try await site.world.postgres.query("select email from users where email like 'p_@%' order by email")
            #expect(try made.map { try $0.decode(String.self, "email") } == ["p1@example.org", "p3@example.org"])
        }
    }

    @Test func aLargeBodyGoesToTheDiskWhileItComes() async throws {
        try await withSyncSite { site in
            let raw = try RawClient(port: site.port, receiveTimeout: 60)
            await raw.send(Self.head(site.office, "Transfer-Encoding: chunked", query: "?mode=plan"))
            let people = 2_000
            try await raw.send(chunk: "{\"entries\":[")
            for first in stride(from: 0, to: people, by: 50) {
                let text = (first..<first + 50).map { SyncSite.person($0 + 1, padding: 10_000) }.joined(separator: ",")
                try await raw.send(chunk: (first > 0 ? "," : "") + text)
                if first == people / 2 {
                    // Half of it is on the way: all but what is between the two lies on the disk, and nothing is collected.
                    try await eventually("nothing is spooled") {
                        site.spooled.first.map {
                            ((try? FileManager.default.attributesOfItem(atPath: "\(site.spool)/\($0)"))?[.size] as? Int ?? 0)
                                > 9_000_000
                        } ?? false
                    }
                    let file = try #require(site.spooled.first)
                    let mode =
                        try FileManager.default.attributesOfItem(atPath: "\(site.spool)/\(file)")[.posixPermissions] as? Int
                    #expect(mode == 0o600)
                    #expect(try await site.world.count("select count(*) from runs") == 0, "it begins when it is whole")
                }
                if first % 500 == 0 { try await Task.sleep(for: .milliseconds(50)) }
            }
            try await raw.send(chunk: "]}")
            await raw.send("0\r\n\r\n")
            let answer = try #require(await raw.answer())
            try #require(answer.status == 202, "\(answer)")
            let id = try #require(try JSONParser.parse(Array(answer.body.utf8)).value["id"]?.integer)
            let run = try await site.ended(id, ["planned"])
            #expect(run.state == "planned" && run.changeCount == people, "\(run)")
            try await eventually("the spool is empty") { site.spooled.isEmpty }
        }
    }

    @Test func aClientThatGoesAwayLeavesNothing() async throws {
        try await withSyncSite { site in
            for framing in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
                // One that closes at once, and one that says it has finished although it has not.
                for isPolite in [false, true] {
                    var raw: RawClient? = try RawClient(port: site.port)
                    await raw?.send(Self.head(site.office, framing, query: "?mode=apply"))
                    let half = SyncSite.export(1...100)
                    if framing.hasPrefix("T") { try await raw?.send(chunk: half) } else { await raw?.send(half) }
                    try await eventually("it is spooled") { !site.spooled.isEmpty }
                    if isPolite { raw?.finishSending() } else { raw = nil }
                    try await eventually("it is gone: \(framing)") { site.spooled.isEmpty }
                    if isPolite, let answer = await raw?.answer() { #expect(answer.status == 400, "\(answer)") }
                }
            }
            #expect(try await site.world.count("select count(*) from runs") == 0)
            #expect(try await site.world.count("select count(*) from users") == 0)
        }
    }

    @Test func whatIsNoExportIsARefusedRun() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let broken = String(SyncSite.export(1...5).dropLast(40))
            for (body, code) in [(broken, "json"), ("", ""), ("{\"entries\":[]}", "empty")] {
                let answer = try await app.call(
                    "POST", "\(Self.runs)?mode=apply&filename=../../etc/people.json",
                    .other(type: "application/octet-stream", body))
                try #require(answer.status == 202, "\(answer)")
                let run = try await site.ended(try #require(try answer.json()["id"]?.integer))
                #expect(run.state == "refused" && run.fileName == "people.json", "\(code): \(run)")
                let reason = try #require(run.reason)
                #expect(!reason.contains("upload-") && !reason.contains(site.spool), "no path of ours: \(reason)")
                if body == broken { #expect(reason.hasPrefix("people.json") && reason.contains("byte"), "\(reason)") }
            }
            #expect(try await site.world.count("select count(*) from users") == 0)
            try await eventually("the spool is empty") { site.spooled.isEmpty }
        }
    }

    @Test func gzipIsSeenByItsContent() async throws {
        try await withSyncSite { site in
            let body = Gzip.stored(Array(SyncSite.export(1...3).utf8))
            for (number, encoding) in ["", "Content-Encoding: gzip\r\n"].enumerated() {
                let raw = try RawClient(port: site.port, receiveTimeout: 60)
                await raw.send(Self.head(site.office, "\(encoding)Content-Length: \(body.count)", query: "?mode=apply"))
                await raw.send(body)
                let answer = try #require(await raw.answer())
                try #require(answer.status == 202, "\(answer)")
                let id = try #require(try JSONParser.parse(Array(answer.body.utf8)).value["id"]?.integer)
                #expect(try await site.ended(id).state == (number == 0 ? "done" : "unchanged"))
            }
            let app = try await site.client(site.office)
            let refused = try await app.call(
                "POST", Self.runs, .other(type: nil, "x"),
                headers: [("api_access_token", site.office.token), ("Content-Encoding", "br")])
            #expect(refused.status == 415)
            let form = try await app.call("POST", Self.runs, .other(type: "multipart/form-data; boundary=x", "--x--"))
            #expect(form.status == 415)
        }
    }

    @Test func whatIsTooLargeIsRefusedAnnouncedOrNot() async throws {
        try await withSyncSite(sizeLimit: 100_000) { site in
            let announced = try RawClient(port: site.port)
            await announced.send(Self.head(site.office, "Content-Length: 100001"))
            #expect(try #require(await announced.answer()).status == 413)
            let counted = try RawClient(port: site.port)
            await counted.send(Self.head(site.office, "Transfer-Encoding: chunked"))
            for _ in 0..<11 { try await counted.send(chunk: String(repeating: " ", count: 10_000)) }
            let answer = try #require(await counted.answer())
            #expect(answer.status == 413 && answer.header("connection") == "close")
            try await eventually("the spool is empty") { site.spooled.isEmpty }
            #expect(try await site.world.count("select count(*) from runs") == 0)
        }
    }

    @Test func whoMayNotIsToldBeforeTheBodyIsRead() async throws {
        try await withSyncSite { site in
            let reading = try await site.client(site.office, scopes: ["runs:read"])
            let cases: [(token: String?, policy: String, status: Int)] = [
                (nil, "office", 401), ("x", "office", 401), (site.other.token, "office", 404), (site.office.token, "plant", 404),
                (site.office.token, "nowhere", 404), (reading.token, "office", 403),
            ]
            for (token, policy, status) in cases {
                let raw = try RawClient(port: site.port)
                // The body never comes.
                await raw.send(
                    "POST /platform/api/v1/sync/\(policy)/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
                        + (token.map { "api_access_token: \($0)\r\n" } ?? "") + "\r\n")
                let answer = try #require(await raw.answer(), "\(policy)")
                #expect(answer.status == status && answer.header("connection") == "close", "\(policy): \(answer)")
            }
            #expect(site.spooled.isEmpty)
        }
    }

    @Test func anIdempotencyKeyMakesOneRunOfSeveralUploads() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let key = [("api_access_token", site.office.token), ("Idempotency-Key", "monday")]
            let export = SyncSite.export(1...3)
            let first = try await app.call("POST", Self.runs, .json(export), headers: key)
            let id = try #require(try first.json()["id"]?.integer, "\(first)")
            _ = try await site.ended(id, ["planned"])
            let second = try await app.call("POST", Self.runs, .json(export), headers: key)
            #expect(second.status == 202, "\(second)")
            #expect(try second.json()["id"]?.integer == id)
            let other = try await app.call("POST", Self.runs, .json(SyncSite.export(1...4)), headers: key)
            #expect(other.status == 422, "\(other)")
            #expect(try await site.world.count("select count(*) from runs") == 1)
            try await eventually("the spool is empty") { site.spooled.isEmpty }
        }
    }

    @Test func whileTheSourceIsBusyNoRunBegins() async throws {
        try await withSyncSite(patience: .milliseconds(600)) { site in
            let app = try await site.client(site.office)
            let first = try await app.post("\(Self.runs)?mode=apply", SyncSite.export(1...3))
            _ = try await site.ended(try #require(try first.json()["id"]?.integer))
            try await site.world.postgres.withConnection { connection in
                // The lease that another process holds while it works for the source.
                _ = try await connection.query(
                    "select pg_advisory_lock(\(Int32(0x4d53_5243)), id::int) from sources where name = 'office'")
                let answer = try await app.post(Self.runs, SyncSite.export(1...3))
                #expect(answer.status == 409 && answer.headers["retry-after"] != nil, "\(answer)")
                _ = try await connection.query("select pg_advisory_unlock_all()")
            }
            // The one that was refused did not begin afterwards.
            let later = try await app.post(Self.runs, SyncSite.export(1...3))
            #expect(try await site.ended(try #require(try later.json()["id"]?.integer)).state == "unchanged")
            #expect(try await site.world.count("select count(*) from runs") == 2)
            try await eventually("the spool is empty") { site.spooled.isEmpty }
        }
    }

    static func head(_ app: TestApp, _ fields: String, query: String = "") -> String {
        "POST /platform/api/v1/sync/office/runs\(query) HTTP/1.1\r\nHost: x\r\napi_access_token: \(app.token)\r\n\(fields)\r\n\r\n"
    }
}

extension RawClient {
    /// Sends a piece of a body (RFC 9112, section 7.1).
    func send(chunk text: String) async throws {
        try #require(await send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"))
    }
}

/// gzip (RFC 1952) without compression.
private enum Gzip {
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            result.append(rest.isEmpty ? 1 : 0)
            let length = UInt16(block.count)
            for number in [length, ~length] { result += [UInt8(number & 0xFF), UInt8(number >> 8)] }
            result += block
        } while !rest.isEmpty
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        for number in [~crc, UInt32(bytes.count)] {
            for shift in [0, 8, 16, 24] { result.append(UInt8(number >> UInt32(shift) & 0xFF)) }
        }
        return result
    }
}
