// SPDX-License-Identifier: Apache-2.0
import Intake
import Policy
import WebSurface

/// What entries would become, as lines for people or objects for programs; each is written as it comes.
struct TrialText: Sendable {
    let isJSON: Bool
    let showsIgnored: Bool
    let style: Style

    /// Wide enough for most of what stands in the columns; nothing is cut off.
    private static let widths = [6, 8, 32, 24, 9]

    func begin() {
        if !isJSON { Console.out(style.bold(Self.row(["LINE", "BECOMES", "E-MAIL OR NAME", "NAME", "STATE", "ACCOUNTS"]))) }
    }

    func show(_ line: PolicyTrial.Line) {
        if case .ignored = line.outcome, !showsIgnored { return }
        Console.out(isJSON ? Self.json(line) : text(line))
    }

    func end(_ counts: PolicyTrial.Counts, _ proof: Proof) {
        if isJSON {
            Console.json { writer in
                writer.object {
                    $0.field("people", Int64(counts.people))
                    $0.field("groups", Int64(counts.groups))
                    $0.field("ignored", Int64(counts.ignored))
                    $0.field("rejected", Int64(counts.rejected))
                    $0.array("notes") { list in for note in proof.notes { list.element(note.description) } }
                }
            }
        } else {
            Console.out(
                "\(counts.people) people, \(counts.groups) groups, \(counts.ignored) ignored, \(counts.rejected) rejected")
            for note in proof.notes { Console.out(style.yellow("note: \(Style.plain(note.description))")) }
        }
    }

    // MARK: Text

    private func text(_ line: PolicyTrial.Line) -> String {
        let number = (line.file.map { Style.plain($0) + ":" } ?? "") + "\(line.line)"
        switch line.outcome {
        case .person(let person):
            let roles = line.deciding.sorted { $0.key < $1.key }.map {
                "\($0.key): \($0.value.customRole ?? $0.value.role.rawValue)"
            }
            let state = person.enabled ? "enabled" : "disabled"
            let row = Self.row([
                number, "person", person.email, person.name, state, roles.isEmpty ? "-" : roles.joined(separator: ", "),
            ])
            return ([row] + person.findings.map { style.yellow("        \($0)") }).joined(separator: "\n")
        case .group(let group, let members):
            return Self.row([number, "group", group.key, "", "", members == 1 ? "1 member" : "\(members) members"])
        case .ignored: return style.dim(Self.row([number, "ignored", line.name ?? "-"]))
        case .rejected(let code, let message):
            return style.red(Self.row([number, "rejected", line.name ?? "-", "\(message) (\(code))"]))
        }
    }

    private static func row(_ cells: [String]) -> String {
        let padded = cells.enumerated().map { index, cell in
            let plain = Style.plain(cell)
            guard index < cells.count - 1, widths.indices.contains(index) else { return plain }
            return plain + String(repeating: " ", count: max(0, widths[index] - plain.count))
        }
        return padded.joined(separator: "  ")
    }

    // MARK: JSON

    static func json(_ line: PolicyTrial.Line) -> String {
        Console.jsonText { writer in
            writer.object { body in
                body.field("file", line.file)
                body.field("line", Int64(line.line))
                body.field("entry", line.name)
                switch line.outcome {
                case .person(let person): write(person, line.deciding, &body)
                case .group(let group, let members):
                    body.field("becomes", "group")
                    body.field("group", group.key)
                    body.field("members", Int64(members))
                    body.array("parents") { list in for parent in group.parents { list.element(parent) } }
                    write(group.discovered.accounts, &body)
                case .ignored: body.field("becomes", "ignored")
                case .rejected(let code, let message):
                    body.field("becomes", "rejected")
                    body.field("code", code)
                    body.field("message", message)
                }
            }
        }
    }

    private static func write(_ person: DesiredPerson, _ deciding: [String: GroupRule], _ body: inout JSONWriter) {
        body.field("becomes", "person")
        body.field("desired", raw: String(decoding: person.canonicalJSON, as: UTF8.self))
        body.array("roles") { list in
            for (account, rule) in deciding.sorted(by: { $0.key < $1.key }) {
                list.object {
                    $0.field("account", account)
                    $0.field("role", rule.role.rawValue)
                    $0.field("custom_role", rule.customRole)
                    $0.field("policy_line", Int64(rule.line))
                }
            }
        }
        write(person.discovered.accounts, &body)
        body.array("findings") { list in
            for finding in person.findings {
                list.object {
                    $0.field("code", finding.code)
                    $0.field("message", finding.message)
                }
            }
        }
    }

    private static func write(_ accounts: [DesiredAccount], _ body: inout JSONWriter) {
        body.array("accounts") { list in
            for account in accounts {
                list.object {
                    $0.field("key", account.key)
                    $0.field("name", account.name)
                }
            }
        }
    }
}
