// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// A dispute with both sides: what the entry says, and whom it may be; the template is `sync_dispute`.
struct DisputePage: Sendable {
    let advice: String
    let entry: [Fact]
    let values: [Value]
    let hasValues: Bool
    let candidates: [CandidatePart]
    let hidden: String?
    let rivals: [RivalRow]
    let hasRivals: Bool
    let verdict: Verdict?
    let ignore: FormPart?
    let reconsider: FormPart?

    /// A value that the policy makes of the entry.
    struct Value: Sendable {
        let name: String
        let value: String
    }

    /// What a person said.
    struct Verdict: Sendable {
        let facts: [Fact]
    }

    init(_ dispute: Dispute, _ visit: ConsoleVisit, _ problems: [FieldProblem]) {
        let waits = [.open, .lapsed].contains(dispute.state)
        let root = "sync/disputes/\(dispute.id)"
        advice = DisputeWords.advice(dispute)
        entry = Self.entry(dispute, visit)
        values = JSONDisplay.object(dispute.fields).map { name, value in
            Value(name: name, value: Self.words(value).cut(to: 500))
        }
        hasValues = !values.isEmpty
        candidates = dispute.candidates.map { CandidatePart($0, of: dispute, waits: waits, visit) }
        hidden = dispute.hiddenCandidates > 0 ? "\(dispute.hiddenCandidates.counted("more user")) may be it." : nil
        rivals = dispute.rivals.map(RivalRow.init)
        hasRivals = !dispute.rivals.isEmpty
        verdict = dispute.verdict.map { Verdict(facts: Self.facts($0, visit)) }
        let why = Field.text(
            "reason", "Why", visit.text("reason"), hint: "For the journal.", maximumLength: 500, problems)
        ignore =
            waits
            ? FormPart(visit.href(root + "/ignore"), [why], button: "Leave the entry alone").quiet : nil
        reconsider =
            dispute.state == .open
            ? nil : FormPart(visit.href(root + "/reconsider"), waits ? [] : [why], button: "Take the decision back").quiet
    }

    /// A list as its items.
    private static func words(_ value: JSONValue) -> String {
        guard case .array(let items) = value else { return JSONWords.text(value) ?? "none" }
        return items.isEmpty ? "none" : items.compactMap(JSONWords.text).joined(separator: "; ")
    }

    private static func entry(_ dispute: Dispute, _ visit: ConsoleVisit) -> [Fact] {
        var facts: [Fact] = [
            .code("Entry", dispute.entry, none: "without a name"), .code("Id", dispute.externalID),
            .text("E-mail", dispute.email), .text("Source", dispute.source),
            .links("Policy", [PageLink(dispute.policy, SyncPages.address(of: dispute.policy, visit))]),
            .links("Platform App", [PageLink(dispute.platformAppName, visit.href("platform_apps/\(dispute.platformAppID)"))]),
        ]
        if let line = dispute.line { facts.append(.text("Line of the export", line.grouped)) }
        facts.append(.moment("In dispute since", visit.moment(dispute.since)))
        facts.append(.moment("Last read", visit.moment(dispute.seenAt)))
        if let run = dispute.runID { facts.append(.links("By", [PageLink("Run \(run)", visit.href("sync/runs/\(run)"))])) }
        return facts
    }

    private static func facts(_ verdict: Dispute.Verdict, _ visit: ConsoleVisit) -> [Fact] {
        let words: [Dispute.Decision: String] = [
            .link: "It is the user", .adopt: "It is the user, and the app got the right", .ignore: "It is left alone",
        ]
        var facts: [Fact] = [.text("Decision", words[verdict.decision])]
        if let user = verdict.userID { facts.append(.links("User", [PageLink("User \(user)", visit.href("users/\(user)"))])) }
        facts.append(.text("By", visit.words(verdict.by)))
        facts.append(.moment("When", visit.moment(verdict.at)))
        if let reason = verdict.reason { facts.append(.text("Why", reason)) }
        if let lapsed = verdict.lapsed {
            facts.append(.text("Does not hold any more", lapsed.replacing("_", with: " ")))
            facts.append(.moment("Since", visit.moment(verdict.lapsedAt)))
        }
        return facts
    }
}

/// A user that the entry may be.
struct CandidatePart: Sendable {
    let name: String
    let href: String
    let facts: [Fact]
    /// Says that the entry is this user; nil where nothing can be decided.
    let form: FormPart?
    /// What that does besides.
    let hint: String?

    init(_ candidate: Dispute.Candidate, of dispute: Dispute, waits: Bool, _ visit: ConsoleVisit) {
        name = candidate.name.shownName
        href = visit.href("users/\(candidate.id)")
        let owners = candidate.owners.map { owner in
            PageLink(
                "\(owner.appName) (\(owner.origin == "created" ? "created it" : owner.rights.names.joined(separator: ", ")))",
                visit.href("platform_apps/\(owner.appID)"))
        }
        var facts: [Fact] = [
            .text("E-mail", candidate.email), .code("Id", "\(candidate.id)"),
            .links("Belongs to", owners, none: "no Platform App"),
        ]
        let links = candidate.links.map { "\($0.externalID) of \($0.source), policy \($0.policy)" }
        facts.append(.text("Linked to", links.joined(separator: "; "), none: "no entry"))
        self.facts = facts
        guard waits, dispute.code != "duplicate_id" else {
            (form, hint) = (nil, nil)
            return
        }
        let hidden = [DangerZone.Hidden(name: "user_id", value: "\(candidate.id)")]
        let root = visit.href("sync/disputes/\(dispute.id)")
        if candidate.isPermissible {
            form = FormPart(root + "/link", [], button: "The entry is \(name)", hidden: hidden)
            hint = nil
        } else {
            form = FormPart(root + "/adopt", [], button: "The entry is \(name): adopt", hidden: hidden)
            hint =
                "Grants \(dispute.platformAppName) the rights to read, to write and to sign in as this user. "
                + "The policy sets their fields from its next run on."
        }
    }
}

/// Another entry that claims the same.
struct RivalRow: Sendable {
    let entry: String
    let email: String?
    let place: String?

    init(_ rival: Dispute.Rival) {
        entry = rival.entry ?? "an entry without a name"
        email = rival.email
        place = rival.line.map { "line \($0.grouped)" }
    }
}
