// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Moves on accounts, their members, roles and bots.
extension Game {
    mutating func createAccount(_ app: Int) async throws {
        let id = try await apps[app].newAccount()
        guard model[.account, id] == nil else { throw Disagreement(description: "account \(id) was there before") }
        model[.account, id] = .init(rights: [app: 15])
    }

    func account(_ app: Int, _ id: Int64) async throws {
        let shown = try await apps[app].get("/accounts/\(id)")
        try require(shown, model.refusal(app, .account, id, OwnershipModel.read), "app \(app) reads account \(id)")
        let changed = try await apps[app].patch("/accounts/\(id)", #"{"name":"B"}"#)
        try require(changed, model.refusal(app, .account, id, OwnershipModel.write), "app \(app) changes account \(id)")
    }

    // MARK: - Members

    mutating func join(_ app: Int, _ account: Int64, _ user: Int64) async throws {
        let answer = try await apps[app].post("/accounts/\(account)/account_users", #"{"user_id":\#(user)}"#)
        let expected = model.refusal(app, account: account, user: user)
        try require(answer, expected, "app \(app) joins user \(user) to account \(account)")
        if expected == nil { model.join(user, account) }
    }

    mutating func part(_ app: Int, _ account: Int64, _ user: Int64) async throws {
        let answer = try await apps[app].delete("/accounts/\(account)/account_users?user_id=\(user)")
        let expected = model.refusal(app, account: account, user: user)
        try require(answer, expected, "app \(app) parts user \(user) from account \(account)")
        if expected == nil { model.part(user, account) }
    }

    func listMembers(_ app: Int, _ account: Int64) async throws {
        let answer = try await apps[app].get("/accounts/\(account)/account_users")
        try require(
            answer, model.refusal(app, .account, account, OwnershipModel.read), "app \(app) lists members of account \(account)")
        guard answer.status == 200 else { return }
        let listed = try answer.json().elements.compactMap { $0["user_id"]?.integer }
        // Those of one bulk call came at the same moment.
        try requireSame(listed.sorted(), model.members(of: account).sorted(), "members of account \(account)")
    }

    /// Suspends or restores; of each app its own suspension.
    mutating func suspend(_ app: Int, _ id: Int64, _ verb: String) async throws {
        let answer = try await apps[app].call("POST", "/users/\(id)/\(verb)")
        try require(answer, model.refusal(app, .user, id, OwnershipModel.write), "app \(app) \(verb)s user \(id)")
        guard answer.status == 200 else { return }
        if verb == "suspend" { model[.user, id]?.suspenders.insert(app) } else { model[.user, id]?.suspenders.remove(app) }
        try requireSuspensions(answer, model[.user, id]?.suspenders ?? [], "user \(id)")
        try requireUser(answer, app, id)
        try await whoAmI(id)
    }

    /// Likewise a membership; one that there is, most of the time.
    mutating func suspendMember(_ app: Int, _ verb: String) async throws {
        var (account, user) = (someID(.account), someID(.user))
        if Int.random(in: 0..<5, using: &random) > 0, let one = model.memberships.randomElement(using: &random) {
            (account, user) = (one.account, one.user)
        }
        let answer = try await apps[app].post("/accounts/\(account)/account_users/\(verb)", #"{"user_id":\#(user)}"#)
        var expected = model.refusal(app, account: account, user: user)
        let index = model.index(user, account)
        if expected == nil, index == nil { expected = 404 }
        try require(answer, expected, "app \(app) \(verb)s user \(user) in account \(account)")
        guard expected == nil, let index else { return }
        if verb == "suspend" {
            model.memberships[index].suspenders.insert(app)
        } else {
            model.memberships[index].suspenders.remove(app)
        }
        try requireSuspensions(answer, model.memberships[index].suspenders, "user \(user) in account \(account)")
        try await whoAmI(user)
    }

    private func requireSuspensions(_ answer: Answer, _ suspenders: Set<Int>, _ what: String) throws {
        let json = try answer.json()
        try requireSame(json["status"]?.string, suspenders.isEmpty ? "active" : "suspended", what)
        let found = Set(json["suspensions"]?.elements.compactMap { $0["by_id"]?.integer } ?? [])
        try requireSame(found, Set(suspenders.map { apps[$0].appID }), "who suspended \(what)")
    }

    // MARK: - Custom roles

    mutating func role(_ app: Int, _ account: Int64) async throws {
        let name = "R\(Int.random(in: 0..<4, using: &random))"
        let answer = try await apps[app].post("/accounts/\(account)/custom_roles", #"{"name":"\#(name)"}"#)
        var expected = model.refusal(app, .account, account, OwnershipModel.write)
        if expected == nil, model.roles.contains(where: { $0.account == account && $0.name == name }) { expected = 422 }
        try require(
            answer, expected, "app \(app) makes a role in account \(account)", Body.invalid("Name has already been taken", "name")
        )
        if expected == nil { model.roles.append((try answer.id(), account, name)) }
        try await listRoles(app, account)
    }

    /// A role, sometimes under an account that is not its own.
    mutating func endRole(_ app: Int) async throws {
        guard let role = model.roles.randomElement(using: &random) else { return }
        let account = Int.random(in: 0..<4, using: &random) == 0 ? someID(.account) : role.account
        let answer = try await apps[app].delete("/accounts/\(account)/custom_roles/\(role.id)")
        var expected = model.refusal(app, .account, account, OwnershipModel.write)
        if expected == nil, account != role.account { expected = 404 }
        try require(answer, expected, "app \(app) ends role \(role) in account \(account)")
        if expected == nil { model.roles.removeAll { $0.id == role.id } }
    }

    func listRoles(_ app: Int, _ account: Int64) async throws {
        let answer = try await apps[app].get("/accounts/\(account)/custom_roles")
        try require(
            answer, model.refusal(app, .account, account, OwnershipModel.read), "app \(app) lists roles of account \(account)")
        guard answer.status == 200 else { return }
        let listed = try answer.json().elements.compactMap { $0["id"]?.integer }
        try requireSame(listed, model.roleIDs(of: account), "roles of account \(account)")
    }

    // MARK: - Agent bots

    mutating func createBot(_ app: Int) async throws {
        let account = Bool.random(using: &random) ? someID(.account) : nil
        let answer = try await apps[app].post("/agent_bots", account.map { #"{"account_id":\#($0)}"# } ?? "{}")
        let expected = account.flatMap { model.refusal(app, .account, $0, OwnershipModel.write) }
        try require(answer, expected, "app \(app) makes a bot in \(account ?? 0)")
        if expected == nil { model[.bot, try answer.id()] = .init(rights: [app: 15], account: account) }
    }

    /// Reads the bot, then moves it.
    mutating func bot(_ app: Int, _ id: Int64) async throws {
        let shown = try await apps[app].get("/agent_bots/\(id)")
        try require(shown, model.refusal(app, .bot, id, OwnershipModel.read), "app \(app) reads bot \(id)")
        if shown.status == 200 { try requireSame(try shown.json()["account_id"]?.integer, model[.bot, id]?.account, "bot \(id)") }
        let account = someID(.account)
        let moved = try await apps[app].patch("/agent_bots/\(id)", #"{"account_id":\#(account)}"#)
        let expected =
            model.refusal(app, .bot, id, OwnershipModel.write) ?? model.refusal(app, .account, account, OwnershipModel.write)
        try require(moved, expected, "app \(app) moves bot \(id) to account \(account)")
        if expected == nil { model[.bot, id]?.account = account }
    }
}
