// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The scripts that shells complete by, taken by the shells that are installed.
@Suite struct CompletionTests {
    @Test(arguments: ["bash", "zsh", "fish"]) func theShellTakesItsScript(shell: String) async throws {
        try await MusterFixture.withMuster { muster in
            let script = try await muster.muster("completions", shell)
            #expect(script.code == 0)
            for word in ["doctor", "rotate-master", "policy", "replace"] {
                #expect(script.out.contains(word), "\(word) is not in the script for \(shell)")
            }
            let path = "\(muster.folder)/script"
            try script.out.write(toFile: path, atomically: true, encoding: .utf8)
            // What is not installed is not there to refuse it.
            let verdict = try await Machine.shell(
                "if command -v \(shell) >/dev/null; then \(shell) -n \(path) && echo taken; else echo absent; fi")
            #expect(verdict == "taken\n" || (shell != "bash" && verdict == "absent\n"), "\(verdict)")
        }
    }

    @Test func bashCompletesACommand() async throws {
        try await MusterFixture.withMuster { muster in
            let script = try await muster.muster("completions", "bash")
            let path = "\(muster.folder)/script"
            try script.out.write(toFile: path, atomically: true, encoding: .utf8)
            let words = """
                . \(path); COMP_WORDS=(muster key r); COMP_CWORD=2; COMP_LINE='muster key r'; COMP_POINT=12; COMP_TYPE=9
                "$(complete -p muster | sed 's/.*-F \\([^ ]*\\).*/\\1/')" muster r key; echo "${COMPREPLY[*]}"
                """
            try words.write(toFile: "\(muster.folder)/try", atomically: true, encoding: .utf8)
            let reply = try await Machine.shell("bash \(muster.folder)/try")
            #expect(reply.contains("rotate") && reply.contains("rotate-master"), "\(reply)")
        }
    }

    @Test func anotherShellIsWrongUsage() async throws {
        try await MusterFixture.withMuster { muster in
            let answer = try await muster.muster("completions", "tcsh")
            #expect(answer.code == 2 && answer.error.contains("tcsh"), "\(answer.error)")
        }
    }
}
