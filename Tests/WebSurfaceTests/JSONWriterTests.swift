// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Testing
import WebSurface

@Suite struct JSONWriterTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 1)
        write(&writer)
        return String(buffer: writer.buffer)
    }

    @Test func writesFieldsInTheOrderOfCalls() {
        let text = written { writer in
            writer.object { user in
                user.field("id", 7)
                user.field("name", "Zoë \"Z\" \\ \u{1}\n")
                user.field("display_name", nil as String?)
                user.field("confirmed", true)
                user.field("ui_settings", raw: "{}")
                user.object("custom_attributes") { attributes in
                    attributes.key(dynamic: "a\"b")
                    attributes.element(.array([.null, .decimal("0.10")]))
                }
                user.array("accounts") { list in
                    list.object { $0.field("id", Int64.min) }
                    list.object { _ in }
                    list.element("x")
                }
                user.array("none") { _ in }
                user.field("last", 0)
            }
        }
        #expect(
            text
                == #"{"id":7,"name":"Zoë \"Z\" \\ \u0001\n","display_name":null,"confirmed":true,"ui_settings":{},"#
                + #""custom_attributes":{"a\"b":[null,0.10]},"accounts":[{"id":-9223372036854775808},{},"x"],"none":[],"last":0}"#
        )
    }

    @Test(
        arguments: [
            (1_769_850_900_000_000, "2026-01-31T09:15:00.000Z"), (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_123_999, "2000-02-29T00:00:00.123Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func writesDates(microseconds: Int64, expected: String) {
        #expect(written { $0.element(microseconds: microseconds) } == "\"\(expected)\"")
    }

    @Test func datesAgreeWithFoundation() throws {
        let seed = UInt64(7)
        var random = SeededRandom(seed: seed)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<2000 {
            // From 1582-10-15 on: before, Foundation counts by Julius, PostgreSQL and the API by Gregory.
            let seconds = Int64.random(in: -12_219_292_800...253_402_300_799, using: &random)
            let date = Date(timeIntervalSince1970: Double(seconds))
            let ours = written { $0.element(microseconds: seconds * 1_000_000) }
            try #require(ours == "\"\(date.formatted(style))\"", "seed \(seed)")
        }
    }

    @Test func extremeDatesDoNotTrap() {
        _ = written { $0.element(microseconds: .max) } + written { $0.element(microseconds: .min) }
    }

    @Test func agreesWithFoundationOnStrings() throws {
        let seed = UInt64(11)
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let text = random.text() + String(UnicodeScalar(UInt8.random(in: 0...127, using: &random)))
            let read = try JSONSerialization.jsonObject(
                with: Data(written { $0.element(text) }.utf8), options: .fragmentsAllowed)
            #expect(read as? String == text, "seed \(seed)")
        }
    }
}
