// SPDX-License-Identifier: Apache-2.0

package import Directory

extension AuditEvent {
    /// The fields of an event; the names are stable.
    ///
    /// - Parameters:
    ///   - named: the event with the names of who acted and of what it was done to; nil: without names.
    ///   - tellsApp: whether the Platform App whose business it was is told as well.
    package func write(to body: inout JSONWriter, named: NamedAuditEvent? = nil, tellsApp: Bool = false) {
        body.field("id", id)
        body.field("created_at", microseconds: at.microseconds)
        body.field("actor", actor)
        body.field("actor_id", actorID)
        if let named {
            body.field("actor_name", named.actorName)
            if tellsApp { body.field("platform_app_id", named.platformAppID) }
        }
        body.field("action", action)
        body.field("subject_kind", subjectKind)
        body.field("subject_id", subjectID)
        if let named { body.field("subject_name", named.subjectName) }
        body.field("before", raw: before)
        body.field("after", raw: after)
        body.field("request_id", requestID)
    }
}
