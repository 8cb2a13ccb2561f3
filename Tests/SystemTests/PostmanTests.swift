// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The Postman collection is run as Postman would run it: each request in its order, with what the test scripts before it set.
@Suite(.serialized) struct PostmanTests {
    @Test func theCollectionWorksFromItsBeginningToItsEnd() async throws {
        try await MusterFixture.withMuster { muster in
            try FileManager.default.createDirectory(atPath: muster.policies, withIntermediateDirectories: true)
            try """
            policy: office
            platform_app: Postman
            source: office
            people: {where: (objectClass=inetOrgPerson), id: entryUUID, email: mail, name: cn}
            guards: {removals: {percent: 100}}
            """.write(toFile: "\(muster.policies)/office.yaml", atomically: true, encoding: .utf8)
            let daemon = try await muster.serve()
            let port = try #require(daemon.port)
            let created = try await muster.muster("app", "create", "Postman", "--json")
            let app = try JSONSerialization.jsonObject(with: Data(created.out.utf8)) as? [String: Any]
            let token = try #require(app?["access_token"] as? String)
            let collection = try await daemon.get("platform/postman.json", token: nil).body
            // Twice: the first run has cleaned up after itself.
            for _ in 0..<2 {
                let reports = await Load.run(workers: 1) { _ in PostmanRun.all(collection, port: port, token: token) }
                let report = try #require(reports.first)
                #expect(report.problems == [])
                #expect(report.count > 60)
            }
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }
}

/// A run of a collection. Blocks: use it on a thread of its own.
private struct PostmanRun {
    struct Report {
        var count = 0
        var problems: [String] = []
    }

    private let client: LoadClient
    private var variables: [String: String] = [:]
    private var report = Report()

    static func all(_ collection: String, port: Int, token: String) -> Report {
        guard let root = try? JSONSerialization.jsonObject(with: Data(collection.utf8)) as? [String: Any],
            let folders = root["item"] as? [[String: Any]]
        else { return Report(problems: ["there is no collection: \(collection.prefix(200))"]) }
        var run = PostmanRun(client: LoadClient(port: port))
        for variable in root["variable"] as? [[String: String]] ?? [] {
            run.variables[variable["key"] ?? ""] = variable["value"]
        }
        run.variables["token"] = token
        for folder in folders {
            for item in folder["item"] as? [[String: Any]] ?? [] { run.perform(item) }
        }
        return run.report
    }

    private init(client: LoadClient) {
        self.client = client
    }

    private mutating func perform(_ item: [String: Any]) {
        report.count += 1
        let name = item["name"] as? String ?? "?"
        let script = ((item["event"] as? [[String: Any]])?.first?["script"] as? [String: Any])?["exec"] as? [String] ?? []
        guard let text = request(item["request"] as? [String: Any] ?? [:]) else {
            return report.problems.append("\(name): no request")
        }
        // What the daemon does by the way, such as deliveries, may still be on its way.
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            guard client.send(text), case .answered(let status, let headers, let body) = client.read() else {
                return report.problems.append("\(name): no answer")
            }
            let problems = script.compactMap { run($0, status, headers, body) }
            if problems.isEmpty { return }
            guard text.hasPrefix("GET"), status == 200, .now < deadline else {
                return report.problems.append("\(name): \(problems) for \(text) -> \(status) \(body.prefix(400))")
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    private func request(_ request: [String: Any]) -> String? {
        guard let method = request["method"] as? String, let url = (request["url"] as? [String: Any])?["raw"] as? String,
            url.hasPrefix("{{base_url}}/")
        else { return nil }
        var headers: [String: String] = [:]
        // Without an own one, the collection's `auth` holds.
        if request["auth"] == nil { headers["api_access_token"] = variables["token"] }
        for header in request["header"] as? [[String: String]] ?? [] {
            headers[header["key"] ?? ""] = filled(header["value"] ?? "")
        }
        // The client sends it by itself.
        headers["Content-Type"] = nil
        let body = filled((request["body"] as? [String: Any])?["raw"] as? String ?? "")
        return LoadClient.text(method, filled(String(url.dropFirst("{{base_url}}".count))), headers, body)
    }

    private func filled(_ text: String) -> String {
        variables.reduce(text) { $0.replacingOccurrences(of: "{{\($1.key)}}", with: $1.value) }
    }

    /// Carries out a line of a test script; nil when it is content.
    private mutating func run(_ line: String, _ status: Int, _ headers: [String: String], _ body: String) -> String? {
        if let expected = line.wholeMatch(of: /pm\.test\("[^"]+", \(\) => pm\.response\.to\.have\.status\((\d+)\)\);/) {
            return Int(expected.1) == status ? nil : "status \(status) instead of \(expected.1)"
        }
        if let set = line.wholeMatch(of: /pm\.collectionVariables\.set\("(\w+)", pm\.response\.headers\.get\("([\w-]+)"\)\);/) {
            variables[String(set.1)] = headers[String(set.2)]
            return headers[String(set.2)] == nil ? "no header \(set.2)" : nil
        }
        guard let set = line.wholeMatch(of: /pm\.collectionVariables\.set\("(\w+)", pm\.response\.json\(\)([\w.\[\]]*)\);/) else {
            return "a script that is not understood: \(line)"
        }
        var value = try? JSONSerialization.jsonObject(with: Data(body.utf8))
        for step in set.2.split(whereSeparator: { ".[]".contains($0) }) {
            if let index = Int(step) {
                let elements = value as? [Any] ?? []
                value = elements.indices.contains(index) ? elements[index] : nil
            } else {
                value = (value as? [String: Any])?[String(step)]
            }
        }
        guard let value, !(value is NSNull) else { return "nothing at \(set.2)" }
        variables[String(set.1)] = "\(value)"
        return nil
    }
}
