// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Logging
import Postgres
import Sync
import Testing
import WebSurface
import WebTestSupport

/// Who sees runs of whom, and what becomes of them live.
@Suite(.serialized) struct SyncRunTests {
    @Test func anotherAppSeesAndDecidesNothing() async throws {
        try await withSyncSite { site in
            let (app, other) = (try await site.client(site.office), try await site.client(site.other))
            let planned = try await app.post("/sync/office/runs", SyncSite.export(1...3))
            let id = try #require(try planned.json()["id"]?.integer, "\(planned)")
            _ = try await site.ended(id, ["planned"])
            #expect(try await other.get("/sync/office/runs").json().elements.isEmpty)
            // Neither under the policy's name nor under one of its own, nor by whoever has the run under another policy.
            for (client, policy) in [(other, "office"), (other, "plant"), (app, "plant")] {
                let run = "/sync/\(policy)/runs/\(id)"
                for path in [run, "\(run)/changes", "\(run)/findings", "\(run)/events"] {
                    #expect(try await client.get(path).status == 404, "\(policy) \(path)")
                }
                for verb in ["approve", "reject", "undo"] {
                    #expect(try await client.post("\(run)/\(verb)", "{}").status == 404, "\(policy) \(verb)")
                }
                let single = try await client.post("\(run)/reject", #"{"changes":[1]}"#)
                #expect(single.status == 404)
            }
            #expect(try await site.world.directory.runs.show(id, by: .command).state == "planned")
            #expect(try await site.world.count("select count(*) from change_decisions") == 0)
        }
    }

    @Test func scopesAreHeeded() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let planned = try await app.post("/sync/office/runs", SyncSite.export(1...3))
            let id = try #require(try planned.json()["id"]?.integer, "\(planned)")
            _ = try await site.ended(id, ["planned"])
            let (reading, writing, neither) = (
                try await site.client(site.office, scopes: ["runs:read"]),
                try await site.client(site.office, scopes: ["runs:write"]),
                try await site.client(site.office, scopes: ["users:*"])
            )
            for path in ["", "/\(id)", "/\(id)/changes", "/\(id)/findings"] {
                #expect(try await reading.get("/sync/office/runs\(path)").status == 200)
                #expect(try await writing.get("/sync/office/runs\(path)").status == 403)
                #expect(try await neither.get("/sync/office/runs\(path)").status == 403)
            }
            for verb in ["approve", "reject"] {
                #expect(try await reading.post("/sync/office/runs/\(id)/\(verb)", "{}").status == 403)
            }
            #expect(try await writing.post("/sync/office/runs/\(id)/reject", "{}").status == 200)
        }
    }

    @Test func namesOfWhatIsNotTheAppsAreNotShown() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let answer = try await app.post("/sync/office/runs?mode=apply", SyncSite.export(1...1))
            let id = try #require(try answer.json()["id"]?.integer, "\(answer)")
            _ = try await site.ended(id)
            // Adopting an unchanged person has no address in it; then the person is taken away and renamed.
            try await site.world.postgres.execute("update changes set fields = '{}' where run_id = \(id)")
            #expect(try await app.get("/sync/office/runs/\(id)/changes").body.contains("p1@example.org"))
            try await site.world.postgres.execute("delete from platform_app_permissibles where kind = 'user'")
            let hidden = try await app.get("/sync/office/runs/\(id)/changes")
            #expect(
                hidden.status == 200 && hidden.body.contains("\"seq\":1") && !hidden.body.contains("p1@example.org"), "\(hidden)")
        }
    }

    @Test func superAdminsSeeAndAskForAll() async throws {
        try await withSyncSite { site in
            let admin = try await site.world.directory.superAdmins.create(
                email: "root@example.org", name: "Root", password: "Correct1!horse", by: .command)
            let token = try await site.world.directory.superAdmins.issueToken(
                to: admin, scopes: nil, expiresIn: nil, by: .command)
            let client = APIClient(port: site.port, token: token.accessToken, appID: 0, base: "/super_admin/api/v1")
            let answer = try await client.post("/sync/plant/runs?mode=apply", SyncSite.export(1...2))
            try #require(answer.status == 202, "\(answer)")
            let id = try #require(try answer.json()["id"]?.integer)
            #expect(answer.headers["location"] == "/super_admin/api/v1/sync/plant/runs/\(id)")
            let run = try await site.ended(id)
            #expect(run.state == "done" && run.actor == "super_admin" && run.platformAppID == site.other.id)
            #expect(try await client.get("/sync/plant/runs/\(id)/changes").json().elements.count == 2)
        }
    }

    @Test func eventsTellOfARunUntilItsEnd() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let answer = try await app.post("/sync/office/runs", SyncSite.export(1...20))
            let id = try #require(try answer.json()["id"]?.integer, "\(answer)")
            _ = try await site.ended(id, ["planned"])
            let raw = try RawClient(port: site.port, receiveTimeout: 60)
            await raw.send(
                "GET /platform/api/v1/sync/office/runs/\(id)/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 7\r\n"
                    + "api_access_token: \(site.office.token)\r\n\r\n")
            async let stream = raw.answer()
            // It waits for a person; then one lets it through.
            try await Task.sleep(for: .milliseconds(1_200))
            #expect(try await app.post("/sync/office/runs/\(id)/approve", "{}").status == 200)
            try await Task.sleep(for: .milliseconds(1_200))
            _ = try await site.reconciler.applyWaiting()
            let seen = try #require(await stream)
            #expect(seen.status == 200 && seen.header("content-type") == "text/event-stream; charset=utf-8")
            let events = seen.body.split(separator: "\n\n").map { $0.split(separator: "\n") }
            #expect(
                events.allSatisfy { $0.count == 2 && $0[0].hasPrefix("event: ") && $0[1].hasPrefix("data: {") }, "\(seen.body)")
            let states = try events.filter { $0[0] != "event: progress" }.map { event in
                let run = try JSONParser.parse(Array(event[1].dropFirst(6).utf8)).value
                return "\(event[0].dropFirst(7)) \(run["state"]?.string ?? "")"
            }
            #expect(states == ["state planned", "state planned", "end done"])
            // A run that has ended ends the stream at once, and the connection serves on.
            await raw.send(
                "GET /platform/api/v1/sync/office/runs/\(id)/events HTTP/1.1\r\nHost: x\r\napi_access_token: \(site.office.token)\r\n\r\n"
            )
            #expect(try #require(await raw.answer()).body.hasPrefix("event: end\ndata: {\"id\":\(id),"))
        }
    }

    @Test func progressOfThisProcessIsSeen() async throws {
        try await withSyncSite { site in
            let run = RunStage(name: .applying, done: 300, of: 900, entries: nil, rate: 50)
            #expect(run.remaining == 12)
            #expect(RunStage(name: .planning, done: 3, of: nil, entries: nil, rate: nil).remaining == nil)
            let app = try await site.client(site.office)
            let answer = try await app.post("/sync/office/runs?mode=apply", SyncSite.export(1...3_000, padding: 500))
            let id = try #require(try answer.json()["id"]?.integer, "\(answer)")
            let caller = site.office.caller
            var (stages, ends): (Set<RunStage.Name>, Int) = ([], 0)
            for try await event in site.desk.events(of: id, policy: "office", by: caller) {
                switch event {
                case .progress(let stage): stages.insert(stage.name)
                case .end(let record):
                    ends += 1
                    #expect(record.state == "done")
                case .state, .quiet: break
                }
            }
            #expect(ends == 1)
            #expect(site.reconciler.board.stage(of: id) == nil, "what is over is forgotten")
            #expect(!stages.isEmpty)
        }
    }

    @Test func aTokenThatIsRevokedSeesNoMore() async throws {
        try await withSyncSite { site in
            let app = try await site.client(site.office)
            let answer = try await app.post("/sync/office/runs", SyncSite.export(1...3))
            let id = try #require(try answer.json()["id"]?.integer, "\(answer)")
            _ = try await site.ended(id, ["planned"])
            var events = site.desk.events(of: id, by: site.office.caller).makeAsyncIterator()
            _ = try await events.next()
            try await site.world.postgres.execute("update access_tokens set revoked_at = now()")
            await #expect(throws: DirectoryError.invalidAccessToken) {
                for _ in 0..<10 { _ = try await events.next() }
            }
        }
    }

    @Test func leftoversOfAKilledDaemonAreRemovedAndLivingOnesStay() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-spool-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["upload-dead", "upload-living", "notes.txt"] {
            try "x".write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
        let living = open("\(folder)/upload-living", O_RDONLY)
        defer { close(living) }
        #expect(flock(living, LOCK_EX | LOCK_NB) == 0)
        try await withDirectory { world in
            let reconciler = Reconciler(postgres: world.postgres, directory: world.directory, logger: .init(label: "test"))
            let desk = SyncDesk(
                reconciler: reconciler, policies: PolicyShelf(folder: folder), spool: UploadSpool(folder: folder))
            let work = Task { try? await desk.run() }
            let start = ContinuousClock.now
            while FileManager.default.fileExists(atPath: "\(folder)/upload-dead"), ContinuousClock.now - start < .seconds(30) {
                try await Task.sleep(for: .milliseconds(10))
            }
            work.cancel()
            await work.value
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["notes.txt", "upload-living"])
    }
}
