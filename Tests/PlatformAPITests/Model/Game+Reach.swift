// SPDX-License-Identifier: Apache-2.0

import Directory
import Testing
import WebSurface

/// Moves on permissibles, deletions, and what lists say.
extension Game {
    mutating func deleteSomething(_ app: Int) async throws {
        let kind = someKind()
        let id = someID(kind)
        let answer = try await apps[app].delete("/\(kind.path)/\(id)")
        let expected = model.refusal(app, kind, id, OwnershipModel.delete)
        try require(answer, expected, "app \(app) deletes \(kind) \(id)")
        guard expected == nil else { return }
        model[kind, id]?.isDeleted = true
        if kind == .user { try await whoAmI(id) }
    }

    mutating func grant(to app: Int) async throws {
        let kind = someKind()
        let id = someID(kind)
        let rights = Int16.random(in: 0...7, using: &random) << 1 | OwnershipModel.read
        guard let object = model[kind, id], object.rights[app] == nil else { return }
        try await api.grant(kind.rawValue, id, to: apps[app], rights: rights)
        model[kind, id]?.rights[app] = rights
    }

    /// The app gives its reach away; the object and everybody else's reach stay.
    mutating func release(_ app: Int) async throws {
        let kind = someKind()
        let id = someID(kind)
        let answer = try await apps[app].delete("/permissibles/\(kind.rawValue)/\(id)")
        // A bot goes with its account for readers; its own row stands, and what stands can be given away.
        var expected = model.refusal(app, kind, id, OwnershipModel.read)
        if kind == .bot, expected == 404, model[kind, id]?.isDeleted == false { expected = nil }
        try require(answer, expected, "app \(app) releases \(kind) \(id)")
        if expected == nil { model[kind, id]?.rights[app] = nil }
    }

    // MARK: - Lists

    mutating func look(_ app: Int) async throws {
        try await compareLists(app)
        let email = someEmail()
        let found = try await apps[app].get("/users?email=\(email)").json().elements.compactMap { $0["id"]?.integer }
        let holder = model.holder(of: email).flatMap { model.refusal(app, .user, $0, OwnershipModel.read) == nil ? $0 : nil }
        try requireSame(found, holder.map { [$0] } ?? [], "who app \(app) finds under \(email)")
        let account = someID(.account)
        try await listMembers(app, account)
        let members = try await apps[app].get("/users?account_id=\(account)")
        try require(
            members, model.refusal(app, .account, account, OwnershipModel.read), "app \(app) finds users of account \(account)")
        guard members.status == 200 else { return }
        try requireSame(
            try members.json().elements.compactMap { $0["id"]?.integer }.sorted(),
            model.members(of: account).filter { model.refusal(app, .user, $0, OwnershipModel.read) == nil }.sorted(),
            "users of account \(account) to app \(app)")
    }

    func compareLists(_ app: Int) async throws {
        for kind in Kind.allCases {
            let listed = try await pages(app, kind == .bot ? "/agent_bots" : "/\(kind.path)?limit=7").compactMap {
                $0["id"]?.integer
            }
            try requireSame(listed, model.visible(app, kind), "\(kind)s that app \(app) sees")
        }
        let reach = try await pages(app, "/permissibles?limit=7").map { row in
            let rights = Rights.named.filter { right in row["rights"]?.elements.contains { $0.string == right.name } == true }
            return "\(row["kind"]?.string ?? "") \(row["id"]?.integer ?? 0) \(rights.reduce(0) { $0 | $1.right.rawValue })"
        }
        var expected: [String] = []
        for kind in Kind.allCases {
            for (id, object) in (model.objects[kind] ?? [:]).sorted(by: { $0.key < $1.key }) where !object.isDeleted {
                if let rights = object.rights[app] { expected.append("\(kind.rawValue) \(id) \(rights)") }
            }
        }
        try requireSame(reach.sorted(), expected.sorted(), "what app \(app) reaches")
    }

    /// A whole list, page after page.
    private func pages(_ app: Int, _ path: String) async throws -> [JSONValue] {
        var (next, found): (String?, [JSONValue]) = (path, [])
        while let path = next {
            let answer = try await apps[app].get(path)
            try require(answer, nil, "app \(app) lists \(path)")
            found += try answer.json().elements
            next = answer.headers["link"]?.firstMatch(of: /<[^>]*?(\/platform[^>]*)>; rel="next"/).map { String($0.1) }
        }
        return found
    }
}
