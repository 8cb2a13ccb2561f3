// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// What is said of runs, wherever it is said.
enum RunWords {
    /// The states with what they are called, in the order of a run's life.
    static let states: [(value: String, label: String)] = [
        ("reading", "Reading"), ("planned", "Planned"), ("held", "Held"), ("applying", "Applying"), ("done", "Done"),
        ("unchanged", "Unchanged"), ("refused", "Refused"), ("stale", "Stale"), ("failed", "Failed"), ("rejected", "Rejected"),
    ]

    /// The actions of changes with what they are called.
    static let actions: [(value: String, label: String)] = [
        ("create", "Create"), ("update", "Update"), ("adopt", "Match by e-mail"), ("suspend", "Suspend"), ("restore", "Restore"),
        ("delete", "Delete"), ("link", "Renew memory only"),
    ]

    static func badge(_ run: RunRecord) -> Badge {
        if run.releasedAt != nil, run.waitsForDaemon { return .busy("Approved, about to be applied") }
        let label = states.first { $0.value == run.state }?.label ?? run.state
        return switch run.state {
        case "reading", "applying": .busy(label)
        case "planned", "held": .warning(label)
        case "done": run.code == nil ? .good(label) : .warning("Done, partly refused")
        case "refused", "failed": .bad(label)
        case "stale": .warning(label)
        default: .plain(label)
        }
    }

    static func badge(action: String) -> Badge {
        let label = actions.first { $0.value == action }?.label ?? action
        return switch action {
        case "create": .good(label)
        case "restore": .good(label)
        case "suspend", "delete": .bad(label)
        case "update", "adopt": .busy(label)
        default: .plain(label)
        }
    }

    /// The counts of a run by their names.
    static func counts(_ run: RunRecord) -> [String: Int64] {
        guard case .object(let object)? = try? JSONParser.parse(Array(run.counts.text.utf8)).value else { return [:] }
        var counts: [String: Int64] = [:]
        for (name, value) in object { if case .integer(let count) = value { counts[name] = count } }
        return counts
    }

    /// `3 to create, 2 to suspend`: what a plan does, or did.
    static func changes(_ run: RunRecord) -> String? {
        let counts = counts(run)
        let isOver = ["done", "stale", "failed", "rejected"].contains(run.state)
        let parts = [
            ("create", "created", "to create"), ("update", "updated", "to update"), ("adopt", "matched", "to match"),
            ("suspend", "suspended", "to suspend"), ("restore", "restored", "to restore"), ("delete", "deleted", "to delete"),
        ].compactMap { name, past, future -> String? in
            guard let count = counts[name], count > 0 else { return nil }
            return "\(count.grouped) \(isOver && run.state == "done" ? past : future)"
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// What a run is of, in a few words.
    static func title(_ run: RunRecord) -> String {
        if let undone = run.undoes { return "Undo of run \(undone), policy \(run.policy)" }
        return run.policy == RunJournal.ofTheAPI ? "A call of the Platform API" : "Policy \(run.policy)"
    }

    /// Who asked for a run.
    static func actor(_ actor: String) -> String {
        switch actor {
        case "watch", "daemon": "the daemon, which saw the export"
        case "schedule": "the daemon, by the policy’s schedule"
        case "drift": "the daemon, which looked for drift"
        case "command": "a command"
        case "api": "a call of the Platform API"
        default: actor
        }
    }

    /// A sentence with a capital and a full stop.
    static func sentence(_ text: String?) -> String? {
        guard let text, let first = text.first else { return nil }
        return first.uppercased() + text.dropFirst() + (text.hasSuffix(".") || text.hasSuffix("?") ? "" : ".")
    }

    /// The last part of a path.
    static func fileName(_ path: String?) -> String? {
        path.map { String($0.split(separator: "/").last ?? "") }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension RunRecord {
    /// Whether it was let through and nobody has begun with it.
    var waitsForDaemon: Bool { ["planned", "held"].contains(state) }
}

extension Int64 {
    /// `1,234,567`.
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `1 change`, `2 changes`.
    func counted(_ noun: String, _ plural: String? = nil) -> String { "\(grouped) \(self == 1 ? noun : plural ?? noun + "s")" }
}

extension Int {
    var grouped: String { Int64(self).grouped }
    func counted(_ noun: String, _ plural: String? = nil) -> String { Int64(self).counted(noun, plural) }
}
