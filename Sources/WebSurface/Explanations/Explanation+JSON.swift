// SPDX-License-Identifier: Apache-2.0

package import Directory

extension Explanation {
    /// Writes the explanation; the names are stable.
    ///
    /// - Parameter place: where a rule stands: the policy's name, the rule, and the key of the account that it is about; nil where
    ///   policies are not at hand.
    package func write(
        to writer: inout JSONWriter, place: ((_ policy: String, _ rule: String, _ account: String?) -> String?)? = nil
    ) {
        writer.object { object in
            object.field("kind", kind.rawValue)
            object.field("id", id)
            object.field("label", label)
            object.field("deleted_at", microseconds: deletedAt?.microseconds)
            object.array("fields") { list in
                for field in fields {
                    list.object {
                        $0.field("field", field.name)
                        $0.field("value", raw: field.value.text)
                        $0.field("owner", field.owner)
                        $0.field("taken_by", raw: field.takenBy?.text)
                        field.provenance.write(to: &$0, account: kind == .account ? field.provenance.externalID : nil, place)
                    }
                }
            }
            object.array("memberships") { list in
                for membership in memberships {
                    list.object {
                        $0.field("account_id", membership.accountID)
                        $0.field("account_name", membership.accountName)
                        $0.field("role", membership.role)
                        membership.provenance.write(to: &$0, account: membership.accountKey, place)
                    }
                }
            }
            object.array("suspensions") { list in
                for suspension in suspensions {
                    list.object {
                        $0.field("by", suspension.standing.by.kind)
                        $0.field("by_id", suspension.standing.by.id)
                        $0.field("by_name", suspension.standing.by.name)
                        $0.field("reason", suspension.standing.reason)
                        $0.field("since", microseconds: suspension.standing.since.microseconds)
                        $0.field("run", suspension.runID)
                    }
                }
            }
            object.array("reads") { list in for read in reads { list.object { read.fields(to: &$0) } } }
        }
    }
}

extension Provenance {
    fileprivate func write(
        to writer: inout JSONWriter, account: String?, _ place: ((String, String, String?) -> String?)?
    ) {
        switch author {
        case .run(let run, let policy, let file, let undoes)?:
            writer.object("set_by") {
                $0.field("kind", "run")
                $0.field("run", run)
                $0.field("policy", policy)
                $0.field("file", file)
                $0.field("undoes", undoes)
            }
        case .actor(let actor, let action)?:
            writer.object("set_by") {
                $0.field("kind", actor.kind)
                $0.field("id", actor.id)
                $0.field("name", actor.name)
                $0.field("action", action)
            }
        case nil: writer.field("set_by", raw: "null")
        }
        writer.field("set_at", microseconds: at?.microseconds)
        writer.field("policy", policy)
        writer.field("source", source)
        writer.field("rule", rule)
        writer.field("rule_run", ruleRun)
        writer.field("external_id", externalID)
        if let place { writer.field("rule_at", policy.flatMap { policy in rule.flatMap { place(policy, $0, account) } }) }
    }
}

extension ExplainedRead {
    fileprivate func fields(to writer: inout JSONWriter) {
        writer.field("source", source)
        writer.field("policy", policy)
        writer.field("external_id", externalID)
        writer.field("run", runID)
        writer.field("state", state)
        writer.field("file", file)
        writer.field("at", microseconds: at?.microseconds)
        writer.field("situation", situation)
        if let change {
            writer.object("change") {
                $0.field("seq", Int64(change.seq))
                $0.field("action", change.action)
                $0.field("reason", change.reason)
                $0.field("fields", raw: change.fields.text)
                $0.field("memberships", raw: change.memberships.text)
                $0.field("suspends", change.suspends)
                $0.field("refusal", change.refusal)
            }
        }
        if let finding {
            writer.object("finding") {
                $0.field("code", finding.code)
                $0.field("detail", finding.detail)
                $0.field("entry", finding.entry)
                $0.field("line", finding.line)
            }
        }
    }
}
