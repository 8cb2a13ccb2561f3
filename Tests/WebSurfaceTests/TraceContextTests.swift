// SPDX-License-Identifier: Apache-2.0
import InMemoryLogging
import Logging
import Testing
import WebTestSupport

@testable import WebSurface

@Suite struct TraceContextTests {
    static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func readsWhatTheStandardAllows() {
        let trace = TraceContext(Self.valid)
        #expect(trace?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && trace?.parentID == "00f067aa0ba902b7")
        let later = "cc" + Self.valid.dropFirst(2)
        #expect(TraceContext(later) == trace && TraceContext(later + "-what-ever") == trace)
    }

    @Test(arguments: [
        "", "00", "ff" + valid.dropFirst(2), valid + "-x", valid + "x", String(valid.dropLast()), valid.uppercased(),
        "cc" + valid.dropFirst(2) + "x", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        valid.replacing("-", with: "_"), "\(valid), \(valid)", " " + valid,
        "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    ]) func ignoresTheRest(_ text: String) {
        #expect(TraceContext(text) == nil)
    }

    @Test func linesOfARequestNameItsTrace() async throws {
        try await LiveServer.run { server in
            _ = try await server.request("GET", "/api/slow", ["traceparent": Self.valid])
            _ = try await server.request("GET", "/api/remote", ["traceparent": "nonsense"])
            func trace(_ message: Logger.Message, _ path: String?) -> String? {
                server.log.entries.first {
                    $0.message == message && (path == nil || $0.metadata["path"] == .string(path ?? ""))
                }?.metadata["trace_id"]?.description
            }
            #expect(trace("request", "/api/slow") == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(trace("slow began", nil) == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(trace("request", "/api/remote") == nil)
        }
    }
}
