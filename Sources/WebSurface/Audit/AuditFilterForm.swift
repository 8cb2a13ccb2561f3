// SPDX-License-Identifier: Apache-2.0

package import Directory

/// The filters of the audit trail as a person or a program spells them, the same in the console, the API and the command.
package struct AuditFilterForm: Sendable, Equatable {
    /// The names of the parameters.
    package enum Name: String, CaseIterable, Sendable {
        case actor
        case actorID = "actor_id"
        case object
        case objectID = "object_id"
        case action, from, until
    }

    /// The texts by the names of their parameters; what is nil or empty narrows nothing.
    package var texts: [Name: String]

    package init(_ texts: [Name: String]) {
        self.texts = texts.filter { !$0.value.isEmpty }
    }

    /// Kinds of objects that the trail knows.
    package static let objectKinds = [
        "user", "account", "agent_bot", "platform_app", "access_token", "super_admin", "webhook", "delivery", "run",
    ]

    /// The filter, with what is wrong with the texts: each problem by the name of its parameter.
    package var filter: (filter: AuditEventFilter, problems: [FieldProblem]) {
        var filter = AuditEventFilter()
        var problems: [FieldProblem] = []
        if let text = texts[.actor] {
            if let kind = AuditEventFilter.Actor.Kind(rawValue: text) {
                filter.actor = .init(kind, id: id(.actorID, "Actor's id", &problems))
            } else {
                problems.append(FieldProblem(Name.actor.rawValue, "Actor is none of \(Self.actorKinds)"))
            }
        } else if texts[.actorID] != nil {
            problems.append(FieldProblem(Name.actor.rawValue, "Actor's kind is needed: ids are numbers of their kind"))
        }
        switch (texts[.object], texts[.objectID]) {
        case (nil, nil): break
        case (let kind?, _?):
            if let id = id(.objectID, "Object's id", &problems) { filter.object = .init(kind, id: id) }
        case (_?, nil): problems.append(FieldProblem(Name.objectID.rawValue, "Object's id is needed beside its kind"))
        case (nil, _?):
            problems.append(FieldProblem(Name.object.rawValue, "Object's kind is needed: ids are numbers of their kind"))
        }
        filter.action = texts[.action].map(AuditEventFilter.Action.init)
        filter.from = moment(.from, "From", endOfDay: false, &problems)
        filter.until = moment(.until, "Until", endOfDay: true, &problems)
        return (filter, problems)
    }

    private static let actorKinds = AuditEventFilter.Actor.Kind.allCases.map(\.rawValue).joined(separator: ", ")

    private func id(_ name: Name, _ label: String, _ problems: inout [FieldProblem]) -> Int64? {
        guard let text = texts[name] else { return nil }
        guard let id = Int64(text), id > 0 else {
            problems.append(FieldProblem(name.rawValue, "\(label) is no number of an object"))
            return nil
        }
        return id
    }

    private func moment(_ name: Name, _ label: String, endOfDay: Bool, _ problems: inout [FieldProblem]) -> Timestamp? {
        guard let text = texts[name] else { return nil }
        guard let moment = UTCText.microseconds(text, endOfDay: endOfDay) else {
            problems.append(
                FieldProblem(name.rawValue, "\(label) must be a day or a time, such as 2026-01-31 or 2026-01-31T09:15"))
            return nil
        }
        return Timestamp(microseconds: moment)
    }
}

/// Days and times as people write them, UTC.
enum UTCText {
    /// `2026-01-31`, `2026-01-31T09:15`, `2026-01-31 09:15:30Z`; nil for what is none of it.
    ///
    /// - Parameter endOfDay: a day alone means the end of it and not its beginning.
    static func microseconds(_ text: String, endOfDay: Bool) -> Int64? {
        let pattern = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?Z?)?/
        guard let match = text.wholeMatch(of: pattern), let year = Int64(match.1), let month = Int64(match.2),
            let day = Int64(match.3), (1...12).contains(month), day >= 1, day <= length(month, year)
        else { return nil }
        let days = daysSince1970(year, month, day)
        guard let hourText = match.4, let minuteText = match.5 else { return (days + (endOfDay ? 1 : 0)) * 86_400_000_000 }
        let (hour, minute, second) = (Int64(hourText) ?? 0, Int64(minuteText) ?? 0, match.6.flatMap { Int64($0) } ?? 0)
        guard hour < 24, minute < 60, second < 60 else { return nil }
        return (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000
    }

    private static func length(_ month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Years are counted from March so that the leap day comes last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month > 2 ? year : year - 1
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
