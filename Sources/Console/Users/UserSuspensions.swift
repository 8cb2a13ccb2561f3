// SPDX-License-Identifier: Apache-2.0

import Directory

/// Suspending users, restoring them, and lifting what others suspended.
extension UserPages {
    func addSuspensionRoutes(to frame: Frame) {
        frame.act("users/:id/suspend", in: .users) { visit in
            let id = try visit.pathID()
            _ = try await directory.suspensions.suspend(
                user: id, SuspensionReason(visit.text("reason") ?? ""), by: visit.caller)
            return .to("users/\(id)", .suspended)
        }
        frame.act("users/:id/lift", in: .users) { visit in
            let id = try visit.pathID()
            try await directory.suspensions.lift(.user(id), of: visit.suspensionAuthor(), by: visit.caller)
            return .to("users/\(id)", .lifted)
        }
        frame.act("users/:id/restore", in: .users) { visit in
            let id = try visit.pathID()
            try await directory.suspensions.liftAll(on: .user, id, by: visit.caller)
            return .to("users/\(id)", .restored)
        }
    }

    func suspensions(_ user: User, _ standing: [StandingSuspension], _ visit: ConsoleVisit) -> PageSection {
        let root = visit.href("users/\(user.id)")
        var section = ObjectSections.suspensions(standing, lift: "\(root)/lift", visit)
        if standing.isEmpty {
            section.none = "None stands: the user can work."
            section.forms = [
                ActForm(
                    action: "\(root)/suspend", button: "Suspend",
                    fields: [
                        .text(
                            "reason", "Reason", nil,
                            hint: "Its tokens and sessions stop at once. Others who look here read this.",
                            maximumLength: 1_000)
                    ])
            ]
        } else {
            section.forms = [
                ActForm(
                    action: "\(root)/restore",
                    button: standing.count == 1 ? "Restore" : "Restore: lift all \(standing.count)")
            ]
        }
        return section
    }
}
