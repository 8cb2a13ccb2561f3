// SPDX-License-Identifier: Apache-2.0

package import Directory

extension ParameterReader {
    /// Which changes of a run are asked for.
    package mutating func runChangeFilter() -> RunChangeFilter {
        var filter = RunChangeFilter()
        filter.action = choice("action") { RunChangeFilter.actions.contains($0) ? $0 : nil }
        filter.kind = choice("kind") { text in [.account, .user].first { $0.rawValue == text } }
        filter.reason = string("reason").value
        filter.refusal = string("refusal").value.map { $0 == "any" ? .any : .code($0) }
        filter.text = string("q").value
        return filter
    }
}

extension RunRecord {
    /// The run as all APIs show it.
    package func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("id", id)
            body.field("policy", policy)
            body.field("source", source)
            body.field("platform_app_id", platformAppID)
            body.field("state", state)
            body.field("code", code)
            body.field("reason", reason)
            body.field("file", fileName)
            body.field("counts", raw: counts.text)
            body.field("changes", changeCount.map { Int64($0) })
            body.field("begun_by", actor)
            body.field("decided_by", decidedBy)
            body.field("created_at", microseconds: createdAt.microseconds)
            body.field("planned_at", microseconds: plannedAt?.microseconds)
            body.field("released_at", microseconds: releasedAt?.microseconds)
            body.field("finished_at", microseconds: finishedAt?.microseconds)
        }
    }
}

extension RunChangeRecord {
    /// The change with what was before and after.
    package func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("seq", Int64(seq))
            body.field("kind", kind)
            body.field("action", action)
            body.field("id", objectID)
            body.field("label", label)
            body.field("name", name)
            body.field("reason", reason)
            body.field("fields", raw: fields.text)
            body.field("memberships", raw: memberships.text)
            body.field("refusal", refusal)
            body.field("refusal_detail", refusalDetail)
        }
    }
}

extension RunFindingRecord {
    /// The finding, with the line of the export where it has one.
    package func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("number", number)
            body.field("code", code)
            body.field("entry", entry)
            body.field("line", line)
            body.field("detail", detail)
        }
    }
}
