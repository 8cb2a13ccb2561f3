// SPDX-License-Identifier: Apache-2.0
import Directory
import Testing

@testable import Commands

@Suite struct AppArgumentTests {
    @Test func spans() throws {
        for (text, seconds) in [("0", 0), ("90", 90), ("90s", 90), ("30m", 1_800), ("1h", 3_600), ("7d", 604_800)]
            as [(String, Int64)]
        {
            #expect(try Span.seconds(text) == seconds, "\(text)")
        }
        for text in ["", "h", "-1h", "+1", "1.5h", "1w", "1 h", "99999999999999999999d", "9999999999"] {
            #expect(throws: Failure.self, "\(text)") { try Span.seconds(text) }
        }
    }

    @Test func rightsAndKinds() throws {
        #expect(try AppObject.rights("read,delete") == [.read, .delete])
        #expect(throws: Failure.self) { try AppObject.rights("read,admin") }
        #expect(try AppObject.kind("agent_bot") == .agentBot)
        #expect(throws: Failure.self) { try AppObject.kind("users") }
    }
}
