// SPDX-License-Identifier: Apache-2.0
import Foundation
import Policy
import Postgres
import Secrets
import Testing

@testable import Commands
@testable import Sync

@Suite struct ParsingTests {
    private static let calls: [String: Int32] = [
        "sync apply": 2, "sync apply p --plan 3": 2, "sync apply p --release": 2, "sync show": 2, "sync show x": 2, "nonsense": 2,
        "app create": 2, "--version": 0, "--help": 0, "sync --help": 0, "policy check /nowhere.yaml": 1,
        "policy check --log-level loud": 2,
    ]

    @Test(arguments: calls.sorted { $0.key < $1.key })
    func exitCodes(line: String, code: Int32) async {
        let arguments = line.split(separator: " ").map(String.init)
        #expect(await MusterCommand.run(arguments: arguments) == code)
    }
}

@Suite struct ChangeTextTests {
    private static func line(
        _ action: String, kind: String = "user", label: String? = "zoe@example.org", fields: String = "{}",
        memberships: String = "{}",
        refusal: String? = nil
    ) -> String {
        let change = RunChange(
            seq: 1, kind: kind, action: action, objectID: 7, label: label, reason: "absent from the export",
            fields: PostgresJSON(fields),
            memberships: PostgresJSON(memberships), suspends: nil, refusal: refusal, decision: nil)
        return ChangeText(change).line([4: "Boatyard"], Style())
    }

    @Test func changesAreReadable() {
        #expect(
            Self.line(
                "create", fields: #"{"email":[null,"zoe@example.org","r"],"name":[null,"Zoë Ash","r"]}"#,
                memberships: #"{"4":[null,"agent","g"]}"#)
                == "+ create user zoe@example.org (Zoë Ash) in Boatyard as agent")
        #expect(
            Self.line("create", kind: "account", label: "Boatyard", fields: #"{"name":[null,"Boatyard","r"]}"#)
                == "+ create account Boatyard")
        #expect(
            Self.line("update", fields: #"{"email":["a@x","b@x","r"],"custom_attributes.n":[1,[1,2],"r"],"name":["Z","Z","r"]}"#)
                == "~ update user zoe@example.org: email a@x → b@x; custom_attributes.n 1 → [1,2]")
        #expect(
            Self.line("update", memberships: #"{"4":["agent","administrator","g"]}"#)
                == "~ update user zoe@example.org: in Boatyard agent → administrator")
        #expect(
            Self.line("update", memberships: #"{"9":["agent",null,"g"]}"#) == "~ update user zoe@example.org: leaves account 9")
        #expect(
            Self.line("suspend", refusal: "stale") == "- suspend user zoe@example.org: absent from the export (refused: stale)")
    }

    @Test func exportsCannotMoveTheTerminal() {
        let line = Self.line("update", label: "a\u{1B}[2Jb\n@x", fields: #"{"name":["x","\u001b]0;evil\u0007","r"]}"#)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
        #expect(Style.plain("gpj\u{202E}exe") == "gpj\u{FFFD}exe")
    }

    @Test func colourIsOnlyAround() {
        #expect(Style(isColoured: true).green("x") == "\u{1B}[32mx\u{1B}[0m")
        #expect(Style().green("x") == "x")
    }
}

@Suite struct ProgressTextTests {
    @Test func stepsAreWords() {
        #expect(ProgressText.line(.reading(bytes: 50, of: 200, entries: 3)).text == "reading: 25 %, 3 entries")
        #expect(ProgressText.line(.reading(bytes: 0, of: 0, entries: 0)).text == "reading: 100 %, 0 entries")
        #expect(ProgressText.line(.applying(done: 10, of: 40)).text == "applying: 25 %, 10 of 40 changes")
    }
}

@Suite struct TableTests {
    @Test func columnsLineUp() {
        #expect(Table.render(["id", "name"], [["1", "Zoë"], ["10", "x"]], Style()) == "id  name\n1   Zoë\n10  x")
    }
}

@Suite struct PasswordTests {
    @Test func generatedPasswordsAreAcceptable() {
        for _ in 0..<200 { #expect(PasswordPolicy().violations(of: AdminCreateCommand.generated()).isEmpty) }
    }
}

@Suite struct FailureTests {
    @Test func databaseErrorsShowNoValues() {
        var error = PostgresError(.server, "the statement was refused")
        error.sqlState = "23505"
        error.detail = "Key (email)=(secret@example.org) exists"
        error.serverMessage = "duplicate secret@example.org"
        let failure = Failure(error)
        #expect(!failure.message.contains("secret"))
        #expect(failure.status == .failed)
        #expect(Failure(SyncError(.held, "x")).status == .held)
    }
}
