// SPDX-License-Identifier: Apache-2.0

import Directory

/// What a run found that a person should know; the template is `sync_findings`.
struct FindingsPage: Sendable {
    let filters: FilterBar?
    let findings: [FindingRow]
    let hasFindings: Bool
    let empty: EmptyState
    let pager: Pager
}

/// One finding.
struct FindingRow: Sendable {
    let kind: String
    let code: String
    let place: String?
    let entry: String?
    let detail: String

    init(_ finding: RunFindingRecord) {
        kind = FindingWords.kind(finding.code)
        code = finding.code
        place = finding.line.map { "line \($0.grouped)" }
        entry = finding.entry
        detail = finding.detail
    }
}

/// How much a run leaves as it is, by reason; the template is `sync_left`.
struct FindingCounts: Sendable {
    let rows: [Row]

    struct Row: Sendable {
        let link: PageLink
        let count: String
    }

    init(_ counts: [RunRefusalCount], _ run: RunRecord, _ visit: ConsoleVisit) {
        rows = counts.map { finding in
            Row(
                link: PageLink(
                    FindingWords.undo[finding.code] ?? FindingWords.kind(finding.code),
                    visit.href("sync/runs/\(run.id)/findings", ["code": finding.code])),
                count: finding.count.grouped)
        }
    }
}

/// What is said of findings.
enum FindingWords {
    /// A kind in words; others by their codes.
    static func kind(_ code: String) -> String { kinds[code] ?? code.replacing("_", with: " ") }

    private static let kinds: [String: String] = [
        "foreign_user": "a user of somebody else", "non_permissible": "not permitted", "duplicate_id": "an id twice",
        "duplicate_email": "an e-mail twice", "email_taken": "e-mail taken", "undone": "undone before",
        "bad_email": "no e-mail", "gone": "gone", "owned_by_person": "taken over by a person", "changed_since": "changed since",
        "as_before": "as before already",
    ]

    /// Why something is not undone.
    static let undo: [String: String] = [
        "gone": "It is deleted by now", "non_permissible": "The Platform App may not change it any more",
        "owned_by_person": "A person took the field over", "changed_since": "Somebody changed it since",
        "as_before": "It is already as it was before", "email_taken": "The former e-mail is somebody else’s by now",
    ]
}
