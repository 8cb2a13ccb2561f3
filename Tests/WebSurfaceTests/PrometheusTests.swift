// SPDX-License-Identifier: Apache-2.0
import Metrics
import Testing
import WebTestSupport

@testable import WebSurface

/// `/metrics`, read back by a parser of the text format (Prometheus' exposition formats, version 0.0.4).
@Suite struct PrometheusTests {
    @Test func everyKindOfSeries() async throws {
        let registry = PrometheusRegistry()
        let labels = [("route", "/a/{id}"), ("note", "say \"hi\" \\ to\nall")]
        Counter(label: "hits_total", dimensions: labels, factory: registry).increment(by: 3)
        Counter(label: "hits_total", dimensions: labels.reversed(), factory: registry).increment()
        Gauge(label: "level", factory: registry).record(2.5)
        let meter = Meter(label: "depth", factory: registry)
        meter.set(5)
        meter.decrement(by: 1.5)
        let timer = Timer(label: "took_seconds", factory: registry)
        for milliseconds in [1, 2, 30, 60_000] { timer.recordMilliseconds(milliseconds) }
        registry.addSource { [GaugeReading("pool", 4, [("state", "idle")]), GaugeReading("seen_total", 9, isCounter: true)] }
        let text = try Exposition(await registry.text())
        #expect(text["hits_total", ["route": "/a/{id}", "note": "say \"hi\" \\ to\nall"]] == 4)
        #expect(text["level"] == 2.5 && text["depth"] == 3.5 && text["pool", ["state": "idle"]] == 4)
        #expect(text.kinds["hits_total"] == "counter" && text.kinds["level"] == "gauge" && text.kinds["seen_total"] == "counter")
        #expect(text.kinds["took_seconds"] == "histogram" && text["took_seconds_count"] == 4)
        #expect(text["took_seconds_bucket", ["le": "0.001"]] == 1 && text["took_seconds_bucket", ["le": "0.05"]] == 3)
        #expect(text["took_seconds_bucket", ["le": "10"]] == 3 && text["took_seconds_bucket", ["le": "+Inf"]] == 4)
        #expect(abs((text["took_seconds_sum"] ?? 0) - 60.033) < 1e-6)
    }

    @Test func seriesAreBoundedAndKindsDoNotMix() async throws {
        let registry = PrometheusRegistry(maximumSeries: 10)
        for number in 0..<100 {
            Counter(label: "many", dimensions: [("id", "\(number)")], factory: registry).increment()
        }
        Gauge(label: "many", factory: registry).record(1)
        let text = try Exposition(await registry.text())
        #expect(text.samples.filter { $0.name == "many" }.count == 10)
        #expect(text["muster_metric_series_dropped"] == 91)
    }

    @Test func requestsByRouteTemplate() async throws {
        let registry = PrometheusRegistry()
        try await LiveServer.run {
            $0.options.metrics = registry
            $0.options.trustedProxies = TrustedProxies([AddressBlock("127.0.0.1")!])
            $0.web.addMetricsRoute(registry, readers: [AddressBlock("127.0.0.0/8")!])
        } _: { server in
            for number in 0..<50 {
                _ = try await server.request("GET", "/api/users/\(number)")
                _ = try await server.request("GET", "/made/up/\(number)")
                _ = try await server.request(["PROPFIND", "PURGE", "MKCOL", "LOCK", "TRACE"][number % 5], "/api/users/1")
            }
            let answer = try #require(try await server.request("GET", "/metrics"))
            #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            let text = try Exposition(answer.body)
            let count = { text["http_requests_total", ["method": $0, "route": $1, "status": $2]] }
            #expect(count("GET", "/api/users/{id}", "200") == 49 && count("GET", "/api/users/{id}", "404") == 1)
            #expect(count("GET", "unrouted", "404") == 50 && count("OTHER", "unrouted", "405") == 50, "\(answer.body)")
            #expect(text["http_request_duration_seconds_count", ["method": "GET", "route": "/api/users/{id}"]] == 50)
            #expect(text["http_requests_in_flight"] == 1)
            #expect(text.samples.count < 120)
            // Others do not learn what is used how much.
            let other = try await server.request("GET", "/metrics", ["X-Forwarded-For": "192.0.2.1"])
            #expect(other?.status == 404 && other?.body.contains("http_") == false)
        }
    }
}

/// The text format, read as strictly as it is written down.
struct Exposition {
    struct Malformed: Error { let line: Substring }

    var kinds: [String: String] = [:]
    var samples: [(name: String, labels: [String: String], value: Double)] = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(line: "no line feed at the end") }
        var family = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                family = String(words[2])
                guard words.count == 4, kinds.updateValue(String(words[3]), forKey: family) == nil else {
                    throw Malformed(line: line)
                }
                continue
            }
            guard let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/),
                let value = Double(match.3), match.1.hasPrefix(family)
            else { throw Malformed(line: line) }
            let labels = try Self.labels(match.2 ?? "", line)
            guard !samples.contains(where: { $0.name == match.1 && $0.labels == labels }) else { throw Malformed(line: line) }
            samples.append((String(match.1), labels, value))
        }
    }

    subscript(name: String, labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private static func labels(_ text: Substring, _ line: Substring) throws -> [String: String] {
        var labels: [String: String] = [:]
        var rest = text
        while !rest.isEmpty {
            guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/) else {
                throw Malformed(line: line)
            }
            let value = match.2.replacing("\\\\", with: "\u{0}").replacing("\\\"", with: "\"").replacing("\\n", with: "\n")
                .replacing("\u{0}", with: "\\")
            guard labels.updateValue(String(value), forKey: String(match.1)) == nil else { throw Malformed(line: line) }
            rest = rest[match.range.upperBound...]
        }
        return labels
    }
}
