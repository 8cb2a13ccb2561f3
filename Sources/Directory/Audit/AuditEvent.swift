// SPDX-License-Identifier: Apache-2.0

/// One entry of the audit trail.
package struct AuditEvent: Sendable {
    package let id: Int64
    package let at: Timestamp
    /// `platform_app`, `source`, `super_admin` or `command`.
    package let actor: String
    package let actorID: Int64?
    package let action: String
    package let subjectKind: String?
    package let subjectID: Int64?
    /// JSON; nil where there was nothing, or nothing to be told.
    package let before: String?
    package let after: String?
    package let requestID: String?
}
