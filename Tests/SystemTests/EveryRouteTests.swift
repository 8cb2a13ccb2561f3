// SPDX-License-Identifier: Apache-2.0
import Foundation
import Subprocess
import SystemPackage
import Testing

/// Every page of the console and every route of the OpenAPI documents once, with the real program: what the optimiser makes of
/// them is not what the other tests run. `MUSTER_TEST_PRODUCTS` names the folder of a release build; `make soak` does so.
@Suite(.serialized) struct EveryRouteTests {
    /// A crawl that finds fewer pages than this has lost its way.
    private static let fewestPages = 60
    private static let mostPages = 400

    @Test func allOfThemAnswer() async throws {
        try await MusterFixture.withMuster { muster in
            print("the program is \(MusterFixture.products)/muster")
            let daemon = try await muster.serve()
            let address = "http://127.0.0.1:\(try #require(daemon.port))"
            let scene = try await Scene(muster, address)
            let pages = try await crawl(scene, daemon)
            #expect(pages.count >= Self.fewestPages, "\(pages.sorted())")
            for document in ["platform/openapi.json", "super_admin/openapi.json"] {
                try await callAll(document, scene, daemon)
            }
            #expect(!daemon.text.contains("request failed"))
            #expect(try await daemon.status("ready") == 200)
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    // MARK: Pages

    /// Follows every link from the overview on.
    private func crawl(_ scene: Scene, _ daemon: RunningDaemon) async throws -> Set<String> {
        var waiting = ["/super_admin"]
        var seen: Set<String> = []
        var known: Set<String> = []
        while let path = waiting.popLast(), seen.count < Self.mostPages {
            // The same page of another object, or sorted otherwise, is the same code.
            guard known.insert(Self.pattern(path)).inserted else { continue }
            seen.insert(path)
            let answer = try await scene.ask("GET", path)
            #expect([200, 302, 303].contains(answer.status), "\(path): \(answer.status) \(answer.body.prefix(300))")
            try alive(daemon, "GET \(path)")
            for link in answer.body.matches(of: /(?:href|action)="(\/super_admin[^"#]*)/) {
                let target = String(link.1).replacing("&amp;", with: "&")
                if !target.hasSuffix("sign_out"), !target.contains("/assets/") { waiting.append(target) }
            }
        }
        print("\(seen.count) pages of the console")
        return seen
    }

    private static func pattern(_ path: String) -> String {
        path.replacing(/[0-9]+/, with: "0").replacing(/=[^&]*/, with: "=")
    }

    // MARK: Routes

    /// Calls each operation with ids that exist where it reads, and with such that do not where it writes.
    private func callAll(_ document: String, _ scene: Scene, _ daemon: RunningDaemon) async throws {
        let answer = try await scene.ask("GET", "/\(document)")
        let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        let paths = try #require(json?["paths"] as? [String: [String: Any]], "\(document): \(answer.status)")
        var count = 0
        for (path, operations) in paths.sorted(by: { $0.key < $1.key }) {
            for method in ["get", "head", "post", "put", "patch", "delete"] where operations[method] != nil {
                for id in method == "get" ? ["1", "999999"] : ["999999"] {
                    let target = path.replacing(/\{[^}]*\}/, with: id)
                    // What streams without end is listened to for a moment.
                    let answer = try await scene.ask(method.uppercased(), target, json: method == "get" ? nil : "{}", seconds: 3)
                    count += 1
                    #expect(
                        answer.status != 0 && answer.status < 500,
                        "\(method) \(target): \(answer.status) \(answer.body.prefix(300))")
                    try alive(daemon, "\(method) \(target)")
                }
            }
        }
        print("\(count) calls of \(document)")
        #expect(count > 20)
    }

    private func alive(_ daemon: RunningDaemon, _ what: String) throws {
        try #require(Processes.isAlive(daemon.pid), "the daemon died of \(what): \(daemon.text.suffix(3_000))")
    }
}

/// An installation in which every page has something to show, and someone who is signed in to its console.
private struct Scene {
    let address: String
    private let jar: String
    private var tokens: [String: String] = [:]

    init(_ muster: MusterFixture, _ address: String) async throws {
        self.address = address
        jar = "\(muster.folder)/cookies"
        func run(_ words: String..., input: String = "", code: Int32 = 0) async throws -> String {
            let answer = try await muster.muster(words, input: input)
            try #require(answer.code == code, "\(words): \(answer.out) \(answer.error)")
            return answer.out
        }
        _ = try await run("admin", "create", "root@example.org", "--password-stdin", input: "Anchor-7-Anchor\n")
        let token = try await run("admin", "token", "create", "root@example.org", "--json")
        tokens["/super_admin"] = try Self.text("access_token", token)
        let app = try await run("app", "create", "Harbour & Vale", "--json")
        tokens["/platform"] = try Self.text("access_token", app)
        let policy = "\(MusterFixture.examples)/harbour.yaml"
        _ = try await run("sync", "apply", policy, "\(MusterFixture.examples)/inbox/harbour.json")
        _ = try await run("sync", "apply", policy, "\(MusterFixture.examples)/changes/tuesday.json")
        let cut = "\(muster.folder)/cut.json"
        try LifeTests.without(people: 20, of: "\(MusterFixture.examples)/inbox/harbour.json").write(
            toFile: cut, atomically: true, encoding: .utf8)
        _ = try await run("sync", "plan", policy, cut, code: 3)
        for (path, body) in [
            ("agent_bots", #"{"name":"Bot","outgoing_url":"https://example.org"}"#),
            ("webhooks", #"{"url":"https://example.org/hook","events":["user.created"]}"#),
        ] { _ = try await ask("POST", "/platform/api/v1/\(path)", json: body) }
        let user = try await ask(
            "POST", "/platform/api/v1/users", json: #"{"name":"Ada","email":"ada@example.org","password":"Anchor-7-Anchor"}"#)
        tokens["/api"] = try? Self.text("access_token", user.body)
        try await signIn()
    }

    private func signIn() async throws {
        let form = try await ask("GET", "/super_admin/sign_in")
        var fields = [("email", "root@example.org"), ("password", "Anchor-7-Anchor")]
        for hidden in form.body.matches(of: /<input type="hidden" name="([^"]+)" value="([^"]*)">/) {
            fields.append((String(hidden.1), String(hidden.2).replacing("&amp;", with: "&")))
        }
        let answer = try await curl(
            ["-X", "POST"] + fields.flatMap { ["--data-urlencode", "\($0.0)=\($0.1)"] } + ["\(address)/super_admin/sign_in"])
        try #require(answer.status == 303, "\(answer.status) \(answer.body.prefix(1_000))")
        let overview = try await ask("GET", "/super_admin")
        try #require(overview.status == 200 && !overview.body.contains("name=\"password\""), "\(overview.body.prefix(1_000))")
    }

    struct Answer {
        let status: Int
        let body: String
    }

    /// Asks with the credential of the family: a cookie for pages, a token for APIs.
    func ask(_ method: String, _ path: String, json: String? = nil, seconds: Int = 20) async throws -> Answer {
        var words = method == "HEAD" ? ["--head"] : ["-X", method]
        if let json { words += ["-H", "Content-Type: application/json", "-d", json] }
        if path.hasPrefix("/super_admin/api"), let token = tokens["/super_admin"] {
            words += ["-H", "Authorization: Bearer \(token)"]
        } else if let token = tokens.first(where: { path.hasPrefix($0.key) && $0.key != "/super_admin" })?.value {
            words += ["-H", "api_access_token: \(token)"]
        }
        return try await curl(words + ["--max-time", "\(seconds)", address + path])
    }

    private func curl(_ words: [String]) async throws -> Answer {
        let result = try await Subprocess.run(
            .name("curl"), arguments: Arguments(["-s", "-g", "-b", jar, "-c", jar, "-w", "\n%{http_code}"] + words),
            output: .string(limit: 1 << 24), error: .discarded)
        let lines = result.standardOutput.split(separator: "\n", omittingEmptySubsequences: false)
        return Answer(status: lines.last.flatMap { Int($0) } ?? 0, body: lines.dropLast().joined(separator: "\n"))
    }

    private static func text(_ key: String, _ json: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return try #require(object?[key] as? String, "\(json)")
    }
}
