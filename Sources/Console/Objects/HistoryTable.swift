// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// An object's history: what was done to it by whom, from the audit trail and the journals of runs.
enum HistoryTable {
    /// The part of a history that a visit asks for.
    static func section(of kind: ObjectKind, _ id: Int64, _ visit: ConsoleVisit, _ directory: Directory) async throws
        -> PageSection
    {
        let position = visit.text("from").flatMap { HistoryPosition($0) }
        let (entries, next) = try await directory.history.list(
            of: kind, id, from: position ?? .newest, limit: 50, by: visit.caller)
        var table = DataTable("History", ["When", "What", "Who", "Changes"])
        for entry in entries { table.append(cells(entry, visit)) }
        var section = PageSection.table(
            nil, table, none: "Nothing is known of what was done to it.",
            "What people, apps, commands and runs did to it, the newest first.")
        section.pager = Pager(
            first: position == nil ? nil : visit.hrefHere(["from": nil]), next: next.map { visit.hrefHere(["from": $0.text]) })
        return section
    }

    private static func cells(_ entry: HistoryEntry, _ visit: ConsoleVisit) -> [DataTable.Cell] {
        let when = DataTable.Cell.moment(visit.moment(entry.at))
        switch entry.content {
        case .event(let event, let actor):
            return [
                when, .text(words(event.action)), .text(visit.words(actor)),
                .differences(differences(before: event.before, after: event.after)),
            ]
        case .change(let change):
            let source = change.source.map { "Source \($0)" } ?? "A run"
            var who = DataTable.Cell.text(source, faint: change.policy.map { "policy \($0), run \(change.runID)" })
            who.links = [PageLink("Run \(change.runID)", visit.href("sync/runs/\(change.runID)"))]
            let what = change.refusal == nil ? "\(change.action) by a run" : "\(change.action) refused"
            return [
                when, .text(what, faint: change.reason), who,
                .differences(differences(change.fields, change.memberships), text: change.refusal?.cut(to: 500)),
            ]
        }
    }

    /// `user.lift_suspension` in words.
    private static func words(_ action: String) -> String {
        String(action.map { $0 == "." || $0 == "_" ? " " : $0 })
    }

    /// What differs between two states of an object; everything where there is only one.
    static func differences(before: String?, after: String?) -> [Difference] {
        let (old, new) = (fields(before), fields(after))
        var names = old.keys
        names += new.keys.filter { old[$0] == nil }
        return names.compactMap { name in
            let (was, now) = (old[name], new[name])
            guard was != now else { return nil }
            return Difference(name: name, before: shown(was), after: shown(now), rule: nil)
        }
    }

    /// What a run's change does to fields and to roles in accounts.
    static func differences(_ fields: JSONText, _ memberships: JSONText) -> [Difference] {
        JSONDisplay.object(fields).map { difference($0.0, $0.1) }
            + JSONDisplay.object(memberships).map { difference("role in account \($0.0)", $0.1) }
    }

    /// From `[before, after, rule]`.
    private static func difference(_ name: String, _ value: JSONValue) -> Difference {
        guard case .array(let parts) = value else { return Difference(name: name, before: nil, after: shown(value), rule: nil) }
        return Difference(
            name: name, before: shown(parts.first), after: shown(parts.dropFirst().first), rule: shown(parts.dropFirst(2).first))
    }

    private static func fields(_ text: String?) -> JSONObject { text.map { JSONDisplay.object(JSONText($0)) } ?? JSONObject() }

    private static func shown(_ value: JSONValue?) -> String? {
        guard let value, value != .null else { return nil }
        let line = JSONDisplay.line(value)
        return line.isEmpty ? "(empty)" : line.cut(to: 300)
    }
}
