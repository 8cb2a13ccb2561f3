// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct AccountTests {
    @Test func createShowUpdateDelete() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let accounts = world.directory.accounts
            var draft = AccountDraft(name: "Acme")
            draft.features = ["sla": true, "crm": false]
            draft.customAttributes = JSONText(#"{"a":1,"b":2}"#)
            draft.domain = .some("acme.example")
            let acme = try await accounts.create(draft, by: app.caller)
            #expect(acme.locale == "en" && acme.status == .active && acme.domain == "acme.example" && acme.rowVersion == 1)
            #expect(acme.features.contains("sla") && !acme.features.contains("crm") && acme.features == acme.features.sorted())
            var update = AccountDraft()
            update.features = ["sla": false]
            update.customAttributes = JSONText(#"{"c":3}"#)
            update.domain = .some(nil)
            let changed = try await accounts.update(acme.id, update, by: app.caller)
            #expect(changed.customAttributes.text == #"{"c": 3}"# && changed.domain == nil && changed.name == "Acme")
            #expect(!changed.features.contains("sla") && changed.features.count == acme.features.count - 1)
            #expect(changed.rowVersion == 2)
            try await accounts.delete(acme.id, by: app.caller)
            await #expect(throws: DirectoryError.notFound) { try await accounts.show(acme.id, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) { try await accounts.delete(acme.id, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) {
                try await accounts.update(acme.id, AccountDraft(name: ""), by: app.caller)
            }
            #expect(try await accounts.list(by: app.caller).items.isEmpty)
            #expect(try await world.auditActions(of: acme.id, .account) == "account.create account.update account.delete")
        }
    }

    @Test func nothingNewIsNoWrite() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let acme = try await world.account("Acme", by: app)
            let accounts = world.directory.accounts
            var same = AccountDraft(name: "Acme", status: .active)
            same.locale = "en"
            same.domain = .some(nil)
            same.limits = JSONText("{}")
            for update in [AccountDraft(), same] {
                let unchanged = try await accounts.update(acme.id, update, by: app.caller)
                #expect(unchanged.rowVersion == 1 && unchanged.name == "Acme" && unchanged.status == .active)
            }
            #expect(try await accounts.update(acme.id, AccountDraft(status: .suspended), by: app.caller).rowVersion == 2)
            #expect(try await accounts.update(acme.id, AccountDraft(status: .suspended), by: app.caller).rowVersion == 2)
            #expect(try await accounts.update(acme.id, AccountDraft(status: .active), by: app.caller).rowVersion == 3)
            #expect(try await world.auditActions(of: acme.id, .account) == "account.create account.update account.update")
        }
    }

    @Test func twoSuspendersCoexist() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let accounts = world.directory.accounts
            let acme = try await accounts.create(AccountDraft(name: "Acme", status: .suspended), by: one.caller)
            #expect(acme.status == .suspended)
            try await world.grant(.account, acme.id, to: two, [.read, .write])
            func set(_ status: AccountStatus, _ app: TestApp) async throws -> AccountStatus {
                let answer = try await accounts.update(acme.id, AccountDraft(status: status), by: app.caller).status
                #expect(try await accounts.show(acme.id, by: app.caller).status == answer)
                return answer
            }
            #expect(try await set(.active, two) == .suspended)
            #expect(try await set(.suspended, two) == .suspended)
            #expect(try await set(.active, one) == .suspended)
            #expect(try await accounts.list(by: one.caller).items.map(\.status) == [.suspended])
            #expect(try await set(.active, two) == .active)
            #expect(try await world.auditText().contains(#""status": "suspended""#))
        }
    }

    @Test func strangersLearnNothing() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let accounts = world.directory.accounts
            let acme = try await world.account("Acme", by: one)
            let gone = try await world.account("Gone", by: one)
            try await accounts.delete(gone.id, by: one.caller)
            for id in strangeIDs + [acme.id, gone.id] {
                await #expect(throws: DirectoryError.nonPermissible) { try await accounts.show(id, by: two.caller) }
                await #expect(throws: DirectoryError.nonPermissible) { try await accounts.delete(id, by: two.caller) }
                for draft in [AccountDraft(), AccountDraft(name: ""), AccountDraft(name: "X", status: .suspended)] {
                    await #expect(throws: DirectoryError.nonPermissible) { try await accounts.update(id, draft, by: two.caller) }
                }
                await #expect(throws: DirectoryError.nonPermissible) {
                    try await world.directory.memberships.list(accountID: id, by: two.caller).items
                }
            }
            #expect(try await accounts.list(by: two.caller).items.isEmpty)
            #expect(try await world.version(ofAccount: acme.id) == 1)
            #expect(try await world.count("select count(*) from suspensions") == 0)
        }
    }

    @Test(arguments: [Rights.read, [.read, .write], [.read, .delete], .all])
    func grantsAllowWhatTheySayAndNoMore(_ rights: Rights) async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let accounts = world.directory.accounts
            let acme = try await world.account("Acme", by: one)
            try await world.grant(.account, acme.id, to: two, rights)
            #expect(try await accounts.list(by: two.caller).items.map(\.id) == [acme.id])
            #expect(try await accounts.show(acme.id, by: two.caller).name == "Acme")
            if rights.contains(.write) {
                #expect(try await accounts.update(acme.id, AccountDraft(name: "X"), by: two.caller).name == "X")
            } else {
                for draft in [AccountDraft(name: "X"), AccountDraft(), AccountDraft(name: "")] {
                    await #expect(throws: DirectoryError.nonPermissible) {
                        try await accounts.update(acme.id, draft, by: two.caller)
                    }
                }
            }
            if rights.contains(.delete) {
                try await accounts.delete(acme.id, by: two.caller)
                await #expect(throws: DirectoryError.notFound) { try await accounts.show(acme.id, by: one.caller) }
            } else {
                await #expect(throws: DirectoryError.nonPermissible) { try await accounts.delete(acme.id, by: two.caller) }
            }
        }
    }

    @Test func bodiesAtFault() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let acme = try await world.account("Acme", by: app)
            func problems(_ change: (inout AccountDraft) -> Void) async throws -> [String] {
                var draft = AccountDraft(name: "Name")
                change(&draft)
                var found: [[String]] = []
                for creating in [true, false] {
                    do {
                        _ =
                            creating
                            ? try await world.directory.accounts.create(draft, by: app.caller)
                            : try await world.directory.accounts.update(acme.id, draft, by: app.caller)
                        found.append([])
                    } catch DirectoryError.invalid(let problems) { found.append(problems.map(\.attribute)) }
                }
                #expect(found[0] == found[1])
                return found[0]
            }
            #expect(try await problems { $0.name = " \t" } == ["name"])
            #expect(try await problems { $0.name = String(repeating: "x", count: 256) } == ["name"])
            #expect(try await problems { $0.name = "a\u{0}" } == ["name"])
            #expect(try await problems { $0.locale = "xx" } == ["locale"])
            #expect(try await problems { $0.domain = .some(String(repeating: "x", count: 101)) } == ["domain"])
            #expect(try await problems { $0.domain = .some("a\u{0}") } == ["domain"])
            #expect(try await problems { $0.supportEmail = .some("nobody") } == ["support_email"])
            #expect(try await problems { $0.supportEmail = .some(String(repeating: "x", count: 101)) } == ["support_email"])
            #expect(try await problems { $0.features = ["nonsense": true] } == ["features"])
            #expect(try await problems { $0.customAttributes = JSONText(#"{"a":"\u0000"}"#) } == ["custom_attributes"])
            #expect(try await world.count("select count(*) from accounts") == 1)
            #expect(try await world.version(ofAccount: acme.id) == 1)
        }
    }
}
