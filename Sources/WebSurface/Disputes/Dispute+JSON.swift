// SPDX-License-Identifier: Apache-2.0

package import Directory

extension Dispute {
    /// Writes the dispute with both sides; the names are stable.
    package func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", id)
            object.field("source", source)
            object.field("policy", policy)
            object.field("platform_app_id", platformAppID)
            object.field("state", state.rawValue)
            object.field("code", code)
            object.field("external_id", externalID)
            object.field("entry", entry)
            object.field("email", email)
            object.field("line", line)
            object.field("fields", raw: fields.text)
            object.array("candidates") { list in for candidate in candidates { candidate.write(to: &list) } }
            object.field("hidden_candidates", Int64(hiddenCandidates))
            object.array("rivals") { list in
                for rival in rivals {
                    list.object {
                        $0.field("entry", rival.entry)
                        $0.field("email", rival.email)
                        $0.field("line", rival.line)
                    }
                }
            }
            object.field("since", microseconds: since.microseconds)
            object.field("seen_at", microseconds: seenAt.microseconds)
            object.field("run_id", runID)
            guard let verdict else { return object.field("decision", raw: nil) }
            object.object("decision") {
                $0.field("decision", verdict.decision.rawValue)
                $0.field("user_id", verdict.userID)
                $0.field("decided_by", verdict.by.name ?? verdict.by.kind)
                $0.field("decided_at", microseconds: verdict.at.microseconds)
                $0.field("reason", verdict.reason)
                $0.field("lapsed", verdict.lapsed)
                $0.field("lapsed_at", microseconds: verdict.lapsedAt?.microseconds)
            }
        }
    }
}

extension Dispute.Candidate {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", id)
            object.field("name", name)
            object.field("email", email)
            object.field("permissible", isPermissible)
            object.array("owners") { list in
                for owner in owners {
                    list.object { item in
                        item.field("platform_app_id", owner.appID)
                        item.field("platform_app", owner.appName)
                        item.field("origin", owner.origin)
                        item.array("rights") { rights in for name in owner.rights.names { rights.element(name) } }
                    }
                }
            }
            object.array("links") { list in
                for link in links {
                    list.object {
                        $0.field("source", link.source)
                        $0.field("policy", link.policy)
                        $0.field("external_id", link.externalID)
                    }
                }
            }
        }
    }
}

extension QuarantinedEntry {
    /// Writes the entry; the names are stable.
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("source", source)
            $0.field("policy", policy)
            $0.field("external_id", externalID)
            $0.field("entry", entry)
            $0.field("action", action)
            $0.field("code", code)
            $0.field("detail", detail)
            $0.field("attempts", Int64(attempts))
            $0.field("since", microseconds: since.microseconds)
            $0.field("last_try_at", microseconds: lastTryAt.microseconds)
            $0.field("next_try_at", microseconds: nextTryAt.microseconds)
            $0.field("run_id", runID)
        }
    }
}

extension PolicyTrouble {
    /// Writes the policy's trouble; the names are stable.
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("source", source)
            $0.field("policy", policy)
            $0.field("platform_app_id", platformAppID)
            $0.field("code", code)
            $0.field("reason", reason)
            $0.field("runs", Int64(failures))
            $0.field("since", microseconds: since.microseconds)
            $0.field("run_id", runID)
            $0.field("put_aside", isPutAside)
        }
    }
}

extension ParameterReader {
    /// Which disputes a list is asked for.
    package mutating func disputeFilter() -> DisputeFilter {
        DisputeFilter(
            source: string("source").value, policy: string("policy").value, state: choice("state", Dispute.State.init(rawValue:)),
            entry: string("entry").value)
    }
}
