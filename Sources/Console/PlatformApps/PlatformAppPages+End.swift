// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// Handing over what an app reaches, and ending the app.
extension PlatformAppPages {
    /// The most apps that are offered as heirs.
    private static let mostHeirs = 200

    func addEndRoutes(to frame: Frame) {
        frame.page("platform_apps/:id/end", in: .platformApps) { visit in .page(try await end(visit)) }
        frame.act("platform_apps/:id/transfer", in: .platformApps, confirmed: true) { visit in
            let id = try visit.pathID()
            return try await visit.saving {
                guard let heir = visit.integer("transfer_to") else { throw Self.noHeir("transfer_to") }
                try await apps.transferAll(from: id, to: heir, by: visit.caller)
                return .to("platform_apps/\(heir)/permissibles", .transferred)
            } otherwise: {
                try await end(visit, $0.map { Self.own($0, "transfer_to") })
            }
        }
        frame.act("platform_apps/:id/delete", in: .platformApps, confirmed: true) { visit in
            let id = try visit.pathID()
            return try await visit.saving {
                guard let objects = visit.text("objects_to") else { throw Self.noHeir("objects_to") }
                let heir = Int64(objects)
                guard heir != nil || objects == "release" else { throw Self.noHeir("objects_to") }
                try await apps.delete(id, to: heir, by: visit.caller)
                return .to("platform_apps", .deleted)
            } otherwise: {
                try await end(visit, $0.map { Self.own($0, "objects_to") })
            }
        }
    }

    private static func noHeir(_ field: String) -> DirectoryError {
        .invalid([FieldProblem(field, "Choose where the objects go")])
    }

    /// What the directory says of the app that gets the objects belongs to the field of this form.
    private static func own(_ problem: FieldProblem, _ field: String) -> FieldProblem {
        problem.attribute == "to" ? FieldProblem(field, problem.message) : problem
    }

    private func end(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let id = try visit.pathID()
        let app = try await apps.show(id, by: visit.caller)
        let stakes = try await apps.stakes(id, by: visit.caller)
        let others = try await apps.list(PageRequest(limit: Self.mostHeirs), by: visit.caller).items.filter { $0.id != id }
        let heirs = others.map { ("\($0.id)", "\($0.name)\($0.disabled ? " (disabled)" : "")") }
        let objects = ObjectKind.allCases.map { "\(stakes.reach[$0].told) \($0.words(stakes.reach[$0].value))" }
        let sources = stakes.sources.map { source in
            source.policies.isEmpty ? source.name : "\(source.name) (policy \(source.policies.joined(separator: ", ")))"
        }
        let sourceEffect =
            sources.isEmpty
            ? []
            : ["Its sources go along: \(sources.joined(separator: "; ")). The policies must name the other app from then on"]
        var page = ConsolePage(
            app.name, "platform_app_end",
            PlatformAppEnd(
                transfer: others.isEmpty
                    ? nil
                    : DangerZone(
                        "Transfer everything",
                        "Another app gets all that this one reaches. Where both reach an object, it keeps the rights of both.",
                        effects: [objects.joined(separator: ", ") + " go to the other app"] + sourceEffect
                            + ["\(app.name), its tokens and webhooks stay"],
                        action: visit.href("platform_apps/\(id)/transfer"), button: "Transfer everything",
                        fields: [
                            .choice(
                                "transfer_to", "To", visit.text("transfer_to"), [("", "Choose an app")] + heirs, problems)
                        ]),
                deletion: DangerZone(
                    "Delete \(app.name)",
                    "No user, account or agent bot is destroyed. They go to another app, or to none: then only super admins reach them.",
                    effects: [
                        objects.joined(separator: ", ") + " live on",
                        "\(stakes.liveTokens) live token\(stakes.liveTokens == 1 ? "" : "s") and "
                            + "\(stakes.webhooks) webhook\(stakes.webhooks == 1 ? "" : "s") end",
                        "The audit trail and the journal of its runs stay; it cannot be brought back",
                    ] + sourceEffect.map { $0 + ", or forget whom they know if the objects go to none" },
                    action: visit.href("platform_apps/\(id)/delete"), button: "Delete \(app.name)",
                    fields: [
                        .choice(
                            "objects_to", "Its objects", visit.text("objects_to"),
                            [("", "Choose where they go"), ("release", "Release them: to no app")]
                                + heirs.map { ($0.0, "Transfer them to \($0.1)") }, problems)
                    ])))
        AppFrame(app, visit).fill(&page, "end")
        page.notice = problems.notice(besides: ["transfer_to", "objects_to"])
        return page
    }
}

/// What the template `platform_app_end` shows.
struct PlatformAppEnd: Sendable {
    /// nil where there is no other app.
    let transfer: DangerZone?
    let deletion: DangerZone
}

extension BoundedCount {
    /// The number in a warning.
    fileprivate var told: String { isMore ? "more than \(Self.grouped(value))" : Self.grouped(value) }
}
