// SPDX-License-Identifier: Apache-2.0

import Directory

/// What the template `permissibles` shows.
struct PermissibleList: Sendable {
    let filters: FilterBar
    /// nil where nothing was searched for.
    let search: CandidateList?
    let heading: String
    let rows: [PermissibleRow]
    let hasRows: Bool
    let empty: EmptyState
    let pager: Pager
}

/// What was found to grant.
struct CandidateList: Sendable {
    let heading: String
    let rows: [CandidateRow]
    let hasRows: Bool
    let none: String

    init(_ rows: [CandidateRow], _ text: String, _ kind: ObjectKind) {
        heading = "Found by “\(text)”"
        self.rows = rows
        hasRows = !rows.isEmpty
        none =
            "No \(kind.words(1)) is found by “\(text)”. "
            + (kind == .user
                ? "Give the id, or the beginnings of words of name or e-mail." : "Give the id, or a part of the name.")
    }
}

/// Something that could be granted.
struct CandidateRow: Sendable {
    let title: String
    let email: String?
    let id: String
    let rights: String
    let href: String
    let link: String

    init(_ candidate: GrantCandidate, _ kind: ObjectKind, _ app: Int64, _ visit: ConsoleVisit) {
        title = candidate.object.title(kind)
        email = candidate.object.email
        id = "\(candidate.object.id)"
        rights = candidate.rights?.words ?? "not reached"
        href = visit.href("platform_apps/\(app)/permissibles/\(kind.rawValue)/\(candidate.object.id)")
        link = candidate.rights == nil ? "Grant" : "Change"
    }
}

/// Something that the app reaches.
struct PermissibleRow: Sendable {
    let title: String
    let email: String?
    let id: String
    let origin: Badge
    let rights: String
    let since: Moment
    let href: String

    init(_ permissible: AppPermissible, _ app: Int64, _ visit: ConsoleVisit) {
        title = permissible.object.title(permissible.kind)
        email = permissible.object.email
        id = "\(permissible.object.id)"
        origin = permissible.origin == "created" ? .plain("Created") : .busy("Granted")
        rights = permissible.rights.words
        since = Moment(permissible.createdAt, now: visit.now)
        href = visit.href("platform_apps/\(app)/permissibles/\(permissible.kind.rawValue)/\(permissible.object.id)")
    }
}

/// What the template `permissible` shows.
struct PermissibleDetail: Sendable {
    let facts: [Fact]
    let action: String
    let boxes: [Field]
    let button: String
    let revocation: DangerZone?
    let transfer: DangerZone?
}

extension NamedObject {
    func title(_ kind: ObjectKind) -> String {
        name.flatMap { $0.isEmpty ? nil : $0 } ?? "\(kind.title(one: true)) \(id)"
    }
}

extension Rights {
    /// The rights in a table.
    var words: String { self == .all ? "everything" : names.joined(separator: ", ") }
}

extension ObjectKind {
    /// The kind as a heading.
    var title: String { title(one: false) }

    func title(one: Bool) -> String {
        let words = words(one ? 1 : 2)
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// Its pages below `/super_admin`.
    var path: String {
        switch self {
        case .account: "accounts"
        case .user: "users"
        case .agentBot: "agent_bots"
        }
    }
}
