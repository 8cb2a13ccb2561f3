// SPDX-License-Identifier: Apache-2.0

import Directory
import NIOCore
import Testing

@testable import WebSurface

/// Filters as they are spelt, and lines that no spreadsheet runs.
@Suite struct AuditFilterFormTests {
    @Test func daysAndTimes() {
        #expect(UTCText.microseconds("1970-01-01", endOfDay: false) == 0)
        #expect(UTCText.microseconds("1970-01-01", endOfDay: true) == 86_400_000_000)
        #expect(UTCText.microseconds("2026-01-31T09:15", endOfDay: true) == 1_769_850_900_000_000)
        #expect(UTCText.microseconds("2026-01-31 09:15:30Z", endOfDay: false) == 1_769_850_930_000_000)
        #expect(UTCText.microseconds("2024-02-29", endOfDay: false) == 1_709_164_800_000_000)
        for text in [
            "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-1", "2026-01-31T24:00", "now", "2026-01-31T09",
        ] {
            #expect(UTCText.microseconds(text, endOfDay: false) == nil, "\(text)")
        }
    }

    @Test func whatIsSpeltWrongIsSaidBesideItsField() {
        let form = AuditFilterForm([.actorID: "7", .object: "user", .from: "soon", .until: ""])
        #expect(form.filter.problems.map(\.attribute) == ["actor", "object_id", "from"])
        #expect(AuditFilterForm([.actor: "nobody"]).filter.problems.map(\.attribute) == ["actor"])
        #expect(AuditFilterForm([.actor: "source", .actorID: "-1"]).filter.problems.map(\.attribute) == ["actor_id"])
    }

    @Test func everyFilterIsRead() {
        let form = AuditFilterForm([
            .actor: "super_admin", .actorID: "3", .object: "user", .objectID: "9", .action: "user.*", .from: "2026-01-01",
            .until: "2026-01-01",
        ])
        let (filter, problems) = form.filter
        #expect(problems.isEmpty)
        #expect(filter.actor == .init(.superAdmin, id: 3) && filter.object == .init("user", id: 9))
        #expect(filter.action == .beginning(with: "user."))
        #expect(filter.until.map(\.microseconds) == filter.from.map { $0.microseconds + 86_400_000_000 })
    }

    @Test(arguments: [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("＝1", "'＝1"),
        ("x=1", "x=1"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\r\nb", "\"a\r\nb\""), ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
        ("", ""), ("'=1", "'=1"),
    ]) func cells(_ cell: String, _ written: String) {
        var buffer = ByteBuffer()
        CSVLine.write([cell, nil], into: &buffer)
        #expect(String(buffer: buffer) == written + ",\r\n")
    }
}
