// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import NIOCore
import Postgres
import WebSurface

/// `muster audit`
struct AuditCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Shows who did what to what, the newest first.",
        discussion: """
            Narrow it: muster audit --action user.delete --from 2026-01-01
            Take it away: muster audit --format csv > audit.csv
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("Who: platform_app, super_admin, source or command, with :ID for one.", valueName: "kind[:id]"))
    var actor: String?

    @Option(name: .long, help: ArgumentHelp("On what: user:7, account:3, access_token:9 ...", valueName: "kind:id"))
    var object: String?

    @Option(name: .long, help: ArgumentHelp("What: user.update; or its beginning: user, user.*", valueName: "action"))
    var action: String?

    @Option(name: .long, help: ArgumentHelp("Not before this day or time, UTC: 2026-01-31, 2026-01-31T09:15.", valueName: "time"))
    var from: String?

    @Option(name: .long, help: ArgumentHelp("Not after this day, or before this time, UTC.", valueName: "time"))
    var until: String?

    @Option(name: .long, help: "So many at most; default 50 for people, all with --format.")
    var limit: Int?

    @Option(name: .long, help: ArgumentHelp("csv, json or ndjson: all of it, as it is read.", valueName: "format"))
    var format: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be positive.") }
        if let format, AuditExport.Format(rawValue: format) == nil {
            throw ValidationError("--format is csv, json or ndjson.")
        }
        _ = try filter()
    }

    func run() async throws {
        let filter = try filter()
        let (limit, format) = (limit, format.flatMap(AuditExport.Format.init) ?? (output.json ? .json : nil))
        try await Workplace(options, output).withInstalled { installed in
            let trail = installed.directory.auditEvents
            if let format {
                // All with --format; with --json as much as people see.
                let most = limit ?? (self.format == nil ? Self.shortPage : nil)
                return try await AuditExport(trail, filter, by: .command).run(format, limit: most) { Console.raw($0) }
            }
            let most = limit ?? Self.shortPage
            let page = try await trail.search(filter, PageRequest(limit: most), by: .command)
            Self.show(page.items, hasMore: page.next != nil)
        }
    }

    private static let shortPage = 50

    private func filter() throws -> AuditEventFilter {
        let form = AuditFilterForm(Self.texts(actor: actor, object: object, action: action, from: from, until: until))
        let (filter, problems) = form.filter
        guard problems.isEmpty else { throw ValidationError(problems.map(\.message).joined(separator: "; ") + ".") }
        return filter
    }

    /// `kind:id` taken apart. Pure.
    static func texts(
        actor: String?, object: String?, action: String?, from: String?, until: String?
    ) -> [AuditFilterForm.Name: String] {
        let halves = { (text: String?) -> (String?, String?) in
            guard let text else { return (nil, nil) }
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            return (parts.first, parts.count > 1 ? parts[1] : nil)
        }
        let (actorKind, actorID) = halves(actor)
        let (objectKind, objectID) = halves(object)
        let texts: [AuditFilterForm.Name: String?] = [
            .actor: actorKind, .actorID: actorID, .object: objectKind, .objectID: objectID, .action: action, .from: from,
            .until: until,
        ]
        return texts.compactMapValues(\.self)
    }

    private static func show(_ events: [NamedAuditEvent], hasMore: Bool) {
        guard !events.isEmpty else { return Console.out("There is no such event.") }
        let rows = events.map { named in
            let event = named.event
            return [
                RunText.time(PostgresTimestamp(microseconds: event.at.microseconds)),
                label(event.actor, event.actorID, named.actorName), Style.plain(event.action),
                label(event.subjectKind, event.subjectID, named.subjectName),
            ]
        }
        Console.out(Table.render(["when (UTC)", "who", "action", "on what"], rows, Console.style))
        if hasMore { Console.out(Console.style.dim("… and older ones: --limit N, --until TIME, or --format csv for all")) }
    }

    private static func label(_ kind: String?, _ id: Int64?, _ name: String?) -> String {
        guard let kind else { return "-" }
        let head = kind + (id.map { ":\($0)" } ?? "")
        return Style.plain(head + (name.map { " (\($0))" } ?? ""))
    }
}
