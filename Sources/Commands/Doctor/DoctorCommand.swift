// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import WebSurface

/// `muster doctor`
struct DoctorCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks database, keys, clocks, policies, folders, addresses, and says how to mend them.",
        discussion: """
            Changes nothing, and may run beside a daemon. Exit codes: 0 nothing failed, 1 a check failed, and with --strict also \
            for a warning.
            """)

    @Flag(name: .long, help: "Take warnings for failures in the exit code.")
    var strict = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let findings = await (try Workplace(options, output)).doctor.examine()
        if output.json {
            Console.json { DoctorReport.write(findings, to: &$0) }
        } else {
            Console.out(DoctorReport.text(findings, Console.style))
        }
        let isWell = findings.allSatisfy { $0.state == .ok || ($0.state == .warning && !strict) }
        if !isWell { throw ExitStatus.failed }
    }
}

/// Findings as text and as JSON. Pure.
enum DoctorReport {
    static func text(_ findings: [Finding], _ style: Style) -> String {
        let width = findings.map(\.check.count).max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let (mark, painted) =
                switch finding.state {
                case .ok: ("ok     ", style.green("ok     "))
                case .warning: ("warning", style.yellow("warning"))
                case .failure: ("failure", style.red("failure"))
                }
            let name = finding.check + String(repeating: " ", count: width - finding.check.count)
            lines.append("\(painted)  \(style.bold(name))  \(Style.plain(finding.message))")
            if let remedy = finding.remedy {
                lines.append(String(repeating: " ", count: mark.count + width + 4) + "-> \(Style.plain(remedy))")
            }
        }
        let count = { (state: Finding.State) in findings.count { $0.state == state } }
        lines.append("\(count(.ok)) ok, \(count(.warning)) warnings, \(count(.failure)) failures")
        return lines.joined(separator: "\n")
    }

    static func write(_ findings: [Finding], to writer: inout JSONWriter) {
        writer.object { body in
            body.field(
                "state", (Finding.State.allCases.last { state in findings.contains { $0.state == state } } ?? .ok).rawValue)
            body.array("checks") { list in
                for finding in findings {
                    list.object {
                        $0.field("check", finding.check)
                        $0.field("state", finding.state.rawValue)
                        $0.field("message", finding.message)
                        $0.field("remedy", finding.remedy)
                    }
                }
            }
        }
    }
}
