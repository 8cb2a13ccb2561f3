// SPDX-License-Identifier: Apache-2.0
import Postgres
import Sync

/// A run in words. Pure.
enum RunText {
    /// What became of the run, with its figures.
    static func summary(_ run: Run, _ style: Style) -> String {
        let aim = run.undoes.map { ", which undoes run \($0)" } ?? ""
        let head = style.bold("Run \(run.id) of \(Style.plain(run.policy))\(aim): ")
        let reason = run.reason.map { " " + sentence(Style.plain($0)) } ?? ""
        switch run.state {
        case .unchanged: return head + "nothing to change. " + read(run)
        case .done:
            let done =
                run.counts.objectChanges > 0
                ? counts(run) + "." : "our memory of \(run.counts["link"]) entries renewed, nothing to change."
            return head + style.green("done.") + " " + done + (run.code == nil ? "" : style.yellow(reason)) + " " + read(run)
        case .planned:
            return head + "planned. " + (run.counts.objectChanges > 0 ? planned(run) : "Nothing to change but our memory") + ". "
                + read(run)
        case .held: return head + style.yellow("held.") + reason + " Planned: \(planned(run)). " + read(run)
        case .refused: return head + style.red("refused, nothing changed.") + reason
        case .stale: return head + style.yellow("stale, nothing changed.") + reason
        case .failed: return head + style.red("failed.") + reason
        case .rejected: return head + "rejected." + reason
        case .reading: return head + "reading the export, or planning."
        case .applying: return head + "being applied. " + planned(run) + "."
        }
    }

    /// What to do next, where there is something to do.
    static func nextStep(_ run: Run) -> String? {
        let step = command(run)
        guard run.undoes != nil, [.planned, .held, .done].contains(run.state) else { return step }
        let notice = """
            The source still says what was undone: the next run of \(Style.plain(run.policy)) plans it again and is held (code undone), \
            unless the source says something else by then.
            """
        return step.map { "\(notice)\n\($0)" } ?? notice
    }

    private static func command(_ run: Run) -> String? {
        switch run.state {
        case .planned: "Apply it: muster sync apply --plan \(run.id)"
        case .held:
            "Nothing has changed. Look at it: muster sync show \(run.id)   Let it through: muster sync apply --plan \(run.id) --release"
        case .stale:
            run.undoes.map { "Make a new plan: muster sync undo \($0)" }
                ?? "Make a new plan: muster sync plan \(Style.plain(run.policy))\(run.fileName.map { " \(Style.plain($0))" } ?? "")"
        default: nil
        }
    }

    /// `60 created, 2 updated`; a dash where nothing changes.
    static func counts(_ run: Run) -> String {
        let parts = words(run, ["created", "updated", "matched by e-mail", "suspended", "restored"])
        return parts.isEmpty ? "-" : parts.joined(separator: ", ")
    }

    /// `2026-11-23 08:00`.
    static func time(_ time: PostgresTimestamp) -> String {
        let text = time.description
        return text.count >= 16 ? String(text.prefix(10) + " " + text.dropFirst(11).prefix(5)) : text
    }

    private static func planned(_ run: Run) -> String {
        let parts = words(run, ["to create", "to update", "to match by e-mail", "to suspend", "to restore"])
        return parts.isEmpty ? "no change" : parts.joined(separator: ", ")
    }

    private static func words(_ run: Run, _ names: [String]) -> [String] {
        zip(["create", "update", "adopt", "suspend", "restore"], names).compactMap { action, name in
            run.counts[action] > 0 ? "\(run.counts[action]) \(name)" : nil
        }
    }

    private static func read(_ run: Run) -> String {
        guard run.undoes == nil else {
            let left = run.counts["not_undone"]
            return left > 0 ? "\(left) things cannot be undone." : "Nothing is left out."
        }
        var parts = ["\(run.counts["people"]) people", "\(run.counts["groups"]) groups"]
        if run.counts["rejected"] > 0 { parts.append("\(run.counts["rejected"]) entries left out") }
        if run.counts["disputed"] > 0 { parts.append("\(run.counts["disputed"]) disputed") }
        return "Read: \(parts.joined(separator: ", "))."
    }

    private static func sentence(_ text: String) -> String {
        guard let first = text.first else { return "" }
        return first.uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }
}

/// What a run found, in words. Pure.
enum FindingText {
    static func lines(_ findings: [RunFinding], of run: Run, limit: Int, _ style: Style) -> [String] {
        guard !findings.isEmpty else { return [] }
        var lines = findings.prefix(limit).map { finding in
            let place = [finding.line.map { "line \($0)" }, finding.entry.map(Style.plain)].compactMap(\.self)
            return style.yellow("! \(place.isEmpty ? "somewhere" : place.joined(separator: ", ")): ")
                + Style.plain(finding.detail) + style.dim(" [\(finding.code)]")
        }
        if findings.count > limit {
            lines.append(style.dim("… and \(findings.count - limit) more findings: muster sync show \(run.id)"))
        }
        return lines
    }
}
