// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// `protect:`, `enforcement:`, `held:`, `schedule:`, `quarantine:`, `drift:` and `on_change:`.
extension DocumentReader {
    static let operationKeys = ["protect", "enforcement", "held", "schedule", "quarantine", "drift", "on_change"]
    static let protectKeys = ["email", "id", "group"]
    static let scheduleKeys = ["cron", "every", "jitter"]
    static let driftKeys = ["every", "action"]

    mutating func operationRules(_ fields: Fields) -> OperationRules {
        var rules = OperationRules()
        if let node = fields["protect"] { rules.protected = protectedPeople(node) }
        if let node = fields["enforcement"],
            let choice = choice(node, "\"enforcement\"", OperationRules.Enforcement.self)
        {
            rules.enforcement = choice
        }
        if let node = fields["held"], let choice = choice(node, "\"held\"", OperationRules.Held.self) { rules.held = choice }
        rules.schedule = fields["schedule"].flatMap { schedule($0) }
        if let node = fields["quarantine"], let fields = self.fields(of: node, "\"quarantine\"", known: ["share"]),
            let share = required("share", in: fields).flatMap({ percent($0, "\"share\"") })
        {
            rules.quarantineShare = share
        }
        rules.drift = fields["drift"].flatMap { drift($0) }
        if let node = fields["on_change"], let choice = choice(node, "\"on_change\"", OperationRules.OnChange.self) {
            rules.onChange = choice
        }
        return rules
    }

    // MARK: protect

    private mutating func protectedPeople(_ node: Node) -> ProtectedPeople {
        var people = ProtectedPeople()
        for item in list(node, "\"protect\"") ?? [] {
            guard case .mapping = item else {
                protect("email", item, &people)
                continue
            }
            guard let fields = fields(of: item, "an item of \"protect\"", known: Self.protectKeys) else { continue }
            guard fields.values.count == 1, let (kind, value) = fields.values.first else {
                if fields.mistyped.isEmpty {
                    note(.missingKey, at: item, "an item of \"protect\" needs one of \(Self.listing(Self.protectKeys))")
                }
                continue
            }
            protect(kind, value, &people)
        }
        ByteOrder.sortUnique(&people.emails)
        ByteOrder.sortUnique(&people.groups)
        people.externalKeys.sort { $0.lexicographicallyPrecedes($1) }
        return people
    }

    private mutating func protect(_ kind: String, _ node: Node, _ people: inout ProtectedPeople) {
        guard let text = scalar(node, "an item of \"protect\"")?.string else { return }
        switch kind {
        case "email":
            guard let email = EmailAddress.normalised(text) else {
                note(.badValue, at: node, "\"\(text)\" is no e-mail; ids and groups are written {id: \"…\"} and {group: \"…\"}")
                return
            }
            people.emails.append(email)
        case "id":
            guard let key = try? ExternalKey(AttributeValue(text: text), of: "id") else {
                note(.badValue, at: node, "\"\(text)\" cannot be an id")
                return
            }
            people.externalKeys.append(key.bytes)
        default:
            guard let pattern = GroupPattern(text), !text.contains("*") else {
                note(.badName, at: node, "\"\(text)\" is not the name of a group")
                return
            }
            people.groups.append(pattern.key)
        }
    }

    // MARK: schedule, drift

    private mutating func schedule(_ node: Node) -> Schedule? {
        guard let fields = fields(of: node, "\"schedule\"", known: Self.scheduleKeys) else { return nil }
        let longest = Duration.seconds(366 * 86_400)
        let jitter = fields["jitter"].flatMap { duration($0, "\"jitter\"", in: .zero ... .seconds(86_400)) } ?? .zero
        switch (fields["cron"], fields["every"]) {
        case (let node?, nil):
            guard let scalar = scalar(node, "\"cron\"") else { return nil }
            do throws(CronExpression.Fault) {
                return Schedule(.cron(try CronExpression(scalar.string)), jitterSeconds: jitter.components.seconds)
            } catch {
                note(.badValue, at: node, "this is no cron expression: \(error.message)")
                return nil
            }
        case (nil, let node?):
            return duration(node, "\"every\"", in: .seconds(60)...longest).map {
                Schedule(.every(seconds: $0.components.seconds), jitterSeconds: jitter.components.seconds)
            }
        default:
            if fields.mistyped.isEmpty { note(.missingKey, at: node, "\"schedule\" needs either \"cron\" or \"every\"") }
            return nil
        }
    }

    private mutating func drift(_ node: Node) -> OperationRules.Drift? {
        guard let fields = fields(of: node, "\"drift\"", known: Self.driftKeys) else { return nil }
        let every = required("every", in: fields).flatMap {
            duration($0, "\"every\"", in: .seconds(60) ... .seconds(366 * 86_400))
        }
        let action = fields["action"].flatMap { choice($0, "\"action\"", OperationRules.Drift.Action.self) } ?? .report
        return every.map { OperationRules.Drift(every: $0, action: action) }
    }
}
