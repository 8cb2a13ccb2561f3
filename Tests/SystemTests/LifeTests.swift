// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The real program: the daemon, and commands beside it.
@Suite(.serialized) struct LifeTests {
    @Test func aDayOfTheDaemon() async throws {
        try await MusterFixture.withMuster { muster in
            var daemon = try await muster.serve()

            // Commands beside it.
            let app = try await muster.muster("app", "create", "Harbour & Vale", "--json")
            #expect(app.code == 0, "\(app.error)")
            let issued = try #require(try JSONSerialization.jsonObject(with: Data(app.out.utf8)) as? [String: Any])
            let token = try #require(issued["access_token"] as? String)
            #expect(issued["name"] as? String == "Harbour & Vale")
            let twice = try await muster.muster("app", "create", "Harbour & Vale")
            #expect(twice.code == 1)
            #expect(twice.error == "muster: Name has already been taken\n")
            let admin = try await muster.muster(
                "admin", "create", "admin@harbourvale.example", "--password-stdin", "--json", input: "Anchor-7-Anchor\n")
            #expect(admin.code == 0, "\(admin.error)")
            #expect(!admin.out.contains("Anchor"))

            // An export, applied by command, then again, then dropped where the daemon watches.
            let policy = "\(MusterFixture.examples)/harbour.yaml"
            let first = try await muster.muster("sync", "apply", policy, "\(MusterFixture.examples)/inbox/harbour.json")
            #expect(first.code == 0)
            #expect(first.out.hasPrefix("Run 1 of harbour: done. 64 created. "), "\(first.out)\(first.error)")
            let again = try await muster.muster("sync", "apply", policy, "\(MusterFixture.examples)/inbox/harbour.json")
            #expect(again.code == 0)
            #expect(again.out.contains("nothing to change"))
            let accounts = try await daemon.get("platform/api/v1/accounts", token: token)
            #expect(accounts.status == 200)
            #expect(accounts.body.contains("Boatyard"))
            #expect(try await daemon.get("platform/api/v1/accounts", token: nil).status == 401)

            try FileManager.default.createDirectory(atPath: muster.inbox, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: policy, toPath: "\(muster.policies)/harbour.yaml")
            try FileManager.default.copyItem(
                atPath: "\(MusterFixture.examples)/changes/tuesday.json", toPath: "\(muster.inbox)/harbour.json")
            try await MusterFixture.eventually("the daemon applied Tuesday") {
                try await muster.muster("sync", "runs", "--json").out.contains(#""update":2"#)
            }

            // Too much at once is held, and released by a person.
            let entries = try Self.without(people: 20, of: "\(MusterFixture.examples)/inbox/harbour.json")
            try entries.write(toFile: "\(muster.folder)/cut.json", atomically: true, encoding: .utf8)
            let held = try await muster.muster("sync", "plan", "harbour", "\(muster.folder)/cut.json", "--json")
            #expect(held.code == 3, "\(held.out)")
            let run = try #require(
                try (JSONSerialization.jsonObject(with: Data(held.out.utf8)) as? [String: Any])?["run"] as? Int)
            #expect(try await muster.muster("sync", "apply", "--plan", "\(run)").code == 3)
            #expect(try await muster.muster("sync", "apply", "--plan", "\(run)", "--release").code == 0)
            let empty = try await muster.muster("sync", "apply", "harbour", "/dev/null")
            #expect(empty.code == 1)

            // A second daemon is refused, a dead one's server is adopted.
            let second = try await muster.muster("serve")
            #expect(second.code == 1)
            #expect(second.error.contains("is in use by process \(daemon.pid) (muster daemon)"), "\(second.error)")
            let server = try #require(muster.postmaster)
            _ = try await daemon.end(SIGKILL)
            #expect(Processes.isAlive(server))
            daemon = try await muster.serve()
            #expect(muster.postmaster == server)

            // Its database dies: it says so or waits, and is back by itself. The outage may be shorter than a request.
            kill(server, SIGKILL)
            try await MusterFixture.eventually("the daemon is ready on a new server") {
                let status = try await daemon.status("ready")
                #expect([200, 503].contains(status))
                return status == 200 && muster.postmaster != server
            }
            #expect(try await daemon.status("health") == 200)
            #expect(try await daemon.status("app/login") == 200)
            #expect(try await daemon.get("platform/api/v1/accounts", token: token).status == 200)

            #expect(try await daemon.end(SIGTERM) == 0)
            #expect(muster.postmaster == nil)
            #expect(daemon.text.contains("muster has stopped"))
            #expect(!daemon.text.contains(token), "a secret is in the log")

            // Without a daemon, a command starts the server for itself.
            let runs = try await muster.muster("sync", "runs", "--json", "--limit", "1")
            #expect(runs.code == 0, "\(runs.error)")
            #expect(muster.postmaster == nil)
        }
    }

    @Test func wrongUse() async throws {
        try await MusterFixture.withMuster { muster in
            #expect(try await muster.muster("sync", "aply").code == 2)
            #expect(try await muster.muster("sync", "apply").code == 2)
            #expect(try await muster.muster("sync", "apply", "x", "--release").code == 2)
            #expect(try await muster.muster("--version").out == "0.1.0\n")
            #expect(try await muster.muster("--help").code == 0)
            let unknown = try await muster.muster("app", "list", environment: ["MUSTER_LISTN": "x"])
            #expect(unknown.code == 2)
            #expect(
                unknown.error == "muster: the environment has an unknown variable MUSTER_LISTN; did you mean MUSTER_LISTEN?\n")
            let away = try await muster.muster(
                "app", "list", "--json", environment: ["MUSTER_DATABASE_URL": "postgres://nobody:hush-hush@127.0.0.1:1/none"])
            #expect(away.code == 1)
            #expect(away.out.contains(#"{"error":{"code":"postgres."#), "\(away.out)")
            #expect(!(away.out + away.error).contains("hush-hush"))
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        try await MusterFixture.withMuster { muster in
            let daemon = try await muster.serve()
            let port = try #require(daemon.port)
            let second = try await muster.muster(
                "serve", environment: ["MUSTER_LISTEN": "127.0.0.1:\(port)", "MUSTER_DATA_DIR": "\(muster.folder)/second"])
            #expect(second.code == 1)
            #expect(
                second.error.hasSuffix(
                    "muster: cannot listen on 127.0.0.1:\(port): Address already in use. "
                        + "Choose another address with --listen or MUSTER_LISTEN\n"), "\(second.error)")
            #expect(!second.error.contains("the queue cannot be read"))
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    @Test func whatIsNotThereIsSaid() async throws {
        try await MusterFixture.withMuster { muster in
            let daemon = try await muster.serve()
            for words in [["app", "token", "99"], ["app", "rotate", "99"], ["app", "grant", "99", "user", "1"]] {
                let answer = try await muster.muster(words)
                #expect(answer.code == 1 && answer.error.contains("there is no such object"), "\(words): \(answer)")
            }
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    /// The sample without its last people.
    static func without(people: Int, of file: String) throws -> String {
        let data = try #require(FileManager.default.contents(atPath: file))
        var root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var entries = try #require(root["entries"] as? [[String: Any]])
        var left = people
        entries.removeAll { entry in
            guard left > 0, "\(entry)".contains("inetOrgPerson") else { return false }
            left -= 1
            return true
        }
        root["entries"] = entries
        return String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
    }
}
