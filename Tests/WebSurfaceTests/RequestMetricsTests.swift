// SPDX-License-Identifier: Apache-2.0
import Metrics
import MetricsTestKit
import Testing
import WebTestSupport

@Suite struct RequestMetricsTests {
    private static let metrics: TestMetrics = {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()

    @Test func countsByRouteTemplateAndNeverByPath() async throws {
        let metrics = Self.metrics
        try await LiveServer.run { server in
            for path in ["/api/names/a", "/api/names/b", "/made/up/path"] { _ = try await server.request("GET", path) }
            _ = try await server.request("PROPFIND", "/api/names/a")
            let count = { (method: String, route: String, status: String) in
                try metrics.expectCounter("http_requests_total", [("method", method), ("route", route), ("status", status)])
                    .totalValue
            }
            #expect(try count("GET", "/api/names/{name}", "200") >= 2)
            #expect(try count("GET", "unrouted", "404") >= 1)
            #expect(try count("OTHER", "unrouted", "405") >= 1)
            let timer = try metrics.expectTimer(
                "http_request_duration_seconds", [("method", "GET"), ("route", "/api/names/{name}")])
            #expect(timer.values.count >= 2)
        }
    }
}
