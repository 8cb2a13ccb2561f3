// SPDX-License-Identifier: Apache-2.0
import Postgres
import Sync
import WebSurface

/// Runs, changes and findings as JSON; the names are stable.
enum RunJSON {
    static func fields(_ run: Run, to writer: inout JSONWriter) {
        writer.field("run", run.id)
        writer.field("policy", run.policy)
        writer.field("source", run.source)
        writer.field("platform_app_id", run.platformAppID)
        writer.field("state", run.state.rawValue)
        writer.field("code", run.code)
        writer.field("reason", run.reason)
        writer.field("file", run.fileName)
        if let undoes = run.undoes { writer.field("undoes", undoes) }
        writer.object("counts") { counts in
            for (name, count) in run.counts.values.sorted(by: { $0.key < $1.key }) {
                counts.key(dynamic: name)
                counts.element(Int64(count))
            }
        }
        writer.field("created_at", microseconds: run.createdAt.microseconds)
        writer.field("finished_at", microseconds: run.finishedAt?.microseconds)
    }

    static func fields(_ change: RunChange, to writer: inout JSONWriter) {
        writer.field("seq", Int64(change.seq))
        writer.field("kind", change.kind)
        writer.field("action", change.action)
        writer.field("id", change.objectID)
        writer.field("label", change.label)
        writer.field("reason", change.reason)
        writer.field("fields", raw: change.fields.text)
        writer.field("memberships", raw: change.memberships.text)
        writer.field("suspends", change.suspends)
        writer.field("refusal", change.refusal)
        writer.field("decision", change.decision)
    }

    static func fields(_ finding: RunFinding, to writer: inout JSONWriter) {
        writer.field("code", finding.code)
        writer.field("entry", finding.entry)
        writer.field("line", finding.line)
        writer.field("detail", finding.detail)
    }
}
