// SPDX-License-Identifier: Apache-2.0

import Directory

/// Sections that the pages of users, accounts and agent bots share.
enum ObjectSections {
    /// Which apps may reach the object.
    static func owners(of kind: ObjectKind, _ id: Int64, _ visit: ConsoleVisit, _ directory: Directory) async throws
        -> PageSection
    {
        let owners = try await directory.permissibles.owners(of: kind, id, by: visit.caller)
        var table = DataTable("Owners", ["Platform App", "How", "Rights", "Since"])
        for owner in owners {
            var app = DataTable.Cell.link(owner.appName, visit.href("platform_apps/\(owner.appID)"))
            if owner.isDisabled { app.badges = [.bad("disabled")] }
            table.append([
                app, .text(owner.origin == "created" ? "created it" : "was granted it"),
                .text(owner.rights.names.joined(separator: ", ")), .moment(visit.moment(owner.since)),
            ])
        }
        return PageSection.table(
            "Owners", table, none: "It belongs to no Platform App: only the console and commands reach it."
        ).linking([PageLink("Grant it to an app", visit.href("grants/\(kind.rawValue)/\(id)"))])
    }

    /// What stands in its way, whose it is, with a button to lift each.
    static func suspensions(
        _ standing: [StandingSuspension], lift: String, _ visit: ConsoleVisit, heading: String = "Suspensions"
    ) -> PageSection {
        var table = DataTable(heading, ["By", "Reason", "Since", "-Acts"])
        for suspension in standing {
            table.append([
                .text(visit.words(suspension.by)), .text(suspension.reason, none: "none given"),
                .moment(visit.moment(suspension.since)),
                .acts([], [liftForm(suspension, lift, visit)]),
            ])
        }
        return PageSection.table(
            heading, table, none: "None stands.",
            standing.isEmpty ? nil : "While any of these stands it stays suspended. Lifting one that is not yours is recorded.")
    }

    static func liftForm(_ suspension: StandingSuspension, _ action: String, _ visit: ConsoleVisit) -> RowForm {
        RowForm(
            action: action, button: "Lift", about: "the suspension by \(visit.words(suspension.by))",
            hidden: [
                DangerZone.Hidden(name: "by_kind", value: suspension.by.kind),
                DangerZone.Hidden(name: "by_id", value: "\(suspension.by.id ?? 0)"),
            ])
    }

    /// Which sources know the object.
    static func links(of kind: ObjectKind, _ id: Int64, _ visit: ConsoleVisit, _ directory: Directory) async throws -> PageSection
    {
        var table = DataTable("Links to sources", ["Source", "External id", "Policy", "Last seen"])
        for link in try await directory.links.list(of: kind, id, by: visit.caller) {
            table.append([
                .text(link.source, faint: "of \(link.appName)"), .code(link.externalID), .text(link.policy),
                .moment(visit.moment(link.lastSeenAt)),
            ])
        }
        return PageSection.table("Links to sources", table, none: "No source knows it.")
    }

    static func attributes(_ text: JSONText) -> PageSection {
        PageSection.table("Custom attributes", .attributes(text), none: "None are set.")
    }
}

extension ConsoleVisit {
    /// Whose suspension a form is about; 404 for what is nobody's.
    func suspensionAuthor() throws -> SuspensionAuthor {
        guard let kind = text("by_kind"), let id = integer("by_id"), let author = SuspensionAuthor(kind: kind, id: id) else {
            throw DirectoryError.notFound
        }
        return author
    }
}
