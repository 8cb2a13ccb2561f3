// SPDX-License-Identifier: Apache-2.0
import Directory
import Testing
import WebSurface

@testable import Commands

/// How the filters of `muster audit` are spelt.
@Suite struct AuditArgumentTests {
    @Test func kindsAndIdsAreTakenApart() {
        let texts = AuditCommand.texts(actor: "super_admin:3", object: "user:7", action: "user.*", from: "2026-01-01", until: nil)
        #expect(
            texts == [
                .actor: "super_admin", .actorID: "3", .object: "user", .objectID: "7", .action: "user.*", .from: "2026-01-01",
            ])
        #expect(AuditCommand.texts(actor: "command", object: nil, action: nil, from: nil, until: nil) == [.actor: "command"])
        // What lacks a half is said to be wrong, and not searched for.
        let half = AuditCommand.texts(actor: nil, object: "user", action: nil, from: nil, until: nil)
        #expect(AuditFilterForm(half).filter.problems.map(\.attribute) == ["object_id"])
    }
}
