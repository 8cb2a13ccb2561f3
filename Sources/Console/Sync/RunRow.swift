// SPDX-License-Identifier: Apache-2.0

import Directory

/// A run in a list; the template is `run_rows`, over `runs`.
struct RunRow: Sendable {
    let number: Int64
    let href: String
    let policy: String
    let undoes: String?
    let state: Badge
    let changes: String?
    let reason: String?
    let file: String?
    let moment: Moment

    init(_ run: RunRecord, _ visit: ConsoleVisit) {
        number = run.id
        href = visit.href("sync/runs/\(run.id)")
        policy = run.policy == RunJournal.ofTheAPI ? "Platform API" : run.policy
        undoes = run.undoes.map { "undo of run \($0)" }
        state = RunWords.badge(run)
        changes = RunWords.changes(run)
        reason = RunWords.sentence(run.reason)
        file = RunWords.fileName(run.fileName)
        moment = Moment(run.createdAt, now: visit.now)
    }
}
