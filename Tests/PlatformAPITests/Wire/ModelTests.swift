// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Testing
import WebSurface

/// Three apps do whatever they like with each other's ids; a model says what each may see.
@Suite struct ModelTests {
    @Test(arguments: [11, 12, 13] as [UInt64]) func threeApps(seed: UInt64) async throws {
        try await withInstallation { api in
            var game = Game(
                api: api, apps: [try await api.app("One"), try await api.app("Two"), try await api.app("Three")], seed: seed)
            for step in 0..<500 {
                do {
                    try await game.step()
                } catch let failure as Game.Disagreement {
                    Issue.record("seed \(seed), step \(step): \(failure.description)")
                    return
                }
            }
            try await game.compareEverything()
        }
    }
}

/// The model and the real thing, side by side.
private struct Game {
    struct Disagreement: Error {
        let description: String
    }

    let api: LiveInstallation
    let apps: [APIClient]
    var random: SeededGenerator
    var model = OwnershipModel()

    init(api: LiveInstallation, apps: [APIClient], seed: UInt64) {
        self.api = api
        self.apps = apps
        random = SeededGenerator(seed: seed)
    }

    mutating func step() async throws {
        let app = Int.random(in: 0..<3, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<16: try await createUser(app)
        case 16..<24: try await createAccount(app)
        case 24..<36: try await showUser(app, someID(.user))
        case 36..<42: try await changeUser(app, someID(.user))
        case 42..<48: try await changeEmail(app, someID(.user))
        case 48..<53: try await deleteObject(app, .user, someID(.user))
        case 53..<57: try await token(app, someID(.user))
        case 57..<63: try await account(app, someID(.account))
        case 63..<66: try await deleteObject(app, .account, someID(.account))
        case 66..<70: try await listAccounts(app)
        case 70..<82: try await join(app, someID(.account), someID(.user))
        case 82..<87: try await part(app, someID(.account), someID(.user))
        case 87..<94: try await listMembers(app, someID(.account))
        default: try await grant(to: app)
        }
    }

    mutating func compareEverything() async throws {
        for app in apps.indices {
            try await listAccounts(app)
            for id in model.users.keys.sorted() { try await showUser(app, id) }
            for id in model.accounts.keys.sorted() { try await listMembers(app, id) }
        }
    }

    // MARK: - Moves

    private mutating func createUser(_ app: Int) async throws {
        let email = someEmail()
        let answer = try await apps[app].post("/users", #"{"name":"N","email":"\#(email)"}"#)
        if let holder = model.holder(of: email) {
            guard model.refusal(app, .user, holder, OwnershipModel.read) == nil else {
                return try require(answer, 422, "create \(email)")
            }
            try require(answer, nil, "create again \(email)")
            return try requireUser(answer, app, holder)
        }
        try require(answer, nil, "create \(email)")
        let id = try answer.id()
        guard model.users[id] == nil else { throw Disagreement(description: "user \(id) was there before") }
        model.users[id] = .init(rights: [app: 15], email: email)
        try requireUser(answer, app, id)
    }

    private mutating func createAccount(_ app: Int) async throws {
        let id = try await apps[app].newAccount()
        guard model.accounts[id] == nil else { throw Disagreement(description: "account \(id) was there before") }
        model.accounts[id] = .init(rights: [app: 15])
    }

    private func showUser(_ app: Int, _ id: Int64) async throws {
        let answer = try await apps[app].get("/users/\(id)")
        try require(answer, model.refusal(app, .user, id, OwnershipModel.read), "app \(app) reads user \(id)")
        if answer.status == 200 { try requireUser(answer, app, id) }
    }

    private func changeUser(_ app: Int, _ id: Int64) async throws {
        let answer = try await apps[app].patch("/users/\(id)", #"{"name":"M"}"#)
        try require(answer, model.refusal(app, .user, id, OwnershipModel.write), "app \(app) changes user \(id)")
        if answer.status == 200 { try requireUser(answer, app, id) }
    }

    private mutating func changeEmail(_ app: Int, _ id: Int64) async throws {
        let email = someEmail()
        let answer = try await apps[app].patch("/users/\(id)", #"{"email":"\#(email)"}"#)
        var expected = model.refusal(app, .user, id, OwnershipModel.write | OwnershipModel.impersonate)
        if expected == nil, let holder = model.holder(of: email), holder != id { expected = 422 }
        try require(answer, expected, "app \(app) gives user \(id) \(email)")
        if expected == nil {
            model.users[id]?.email = email
            try requireUser(answer, app, id)
        }
    }

    private mutating func deleteObject(_ app: Int, _ kind: OwnershipModel.Kind, _ id: Int64) async throws {
        let answer = try await apps[app].delete(kind == .user ? "/users/\(id)" : "/accounts/\(id)")
        let expected = model.refusal(app, kind, id, OwnershipModel.delete)
        try require(answer, expected, "app \(app) deletes \(kind) \(id)")
        guard expected == nil else { return }
        if kind == .user { model.users[id]?.isDeleted = true } else { model.accounts[id]?.isDeleted = true }
    }

    private func token(_ app: Int, _ id: Int64) async throws {
        let answer = try await apps[app].call("POST", "/users/\(id)/token")
        try require(answer, model.refusal(app, .user, id, OwnershipModel.impersonate), "app \(app) takes the token of user \(id)")
    }

    private mutating func account(_ app: Int, _ id: Int64) async throws {
        let shown = try await apps[app].get("/accounts/\(id)")
        try require(shown, model.refusal(app, .account, id, OwnershipModel.read), "app \(app) reads account \(id)")
        let changed = try await apps[app].patch("/accounts/\(id)", #"{"name":"B"}"#)
        try require(changed, model.refusal(app, .account, id, OwnershipModel.write), "app \(app) changes account \(id)")
    }

    private func listAccounts(_ app: Int) async throws {
        let listed = try await apps[app].get("/accounts").json().elements.compactMap { $0["id"]?.integer }
        let expected = model.visibleAccounts(app)
        guard listed == expected else { throw Disagreement(description: "app \(app) sees accounts \(listed), not \(expected)") }
    }

    private mutating func join(_ app: Int, _ account: Int64, _ user: Int64) async throws {
        let answer = try await apps[app].post("/accounts/\(account)/account_users", #"{"user_id":\#(user)}"#)
        let expected = model.refusal(app, account: account, user: user)
        try require(answer, expected, "app \(app) joins user \(user) to account \(account)")
        if expected == nil { model.join(user, account) }
    }

    private mutating func part(_ app: Int, _ account: Int64, _ user: Int64) async throws {
        let answer = try await apps[app].delete("/accounts/\(account)/account_users?user_id=\(user)")
        let expected = model.refusal(app, account: account, user: user)
        try require(answer, expected, "app \(app) parts user \(user) from account \(account)")
        if expected == nil { model.part(user, account) }
    }

    private func listMembers(_ app: Int, _ account: Int64) async throws {
        let answer = try await apps[app].get("/accounts/\(account)/account_users")
        try require(
            answer, model.refusal(app, .account, account, OwnershipModel.read), "app \(app) lists members of account \(account)")
        guard answer.status == 200 else { return }
        let listed = try answer.json().elements.compactMap { $0["user_id"]?.integer }
        let expected = model.members(of: account)
        guard listed == expected else { throw Disagreement(description: "account \(account) has \(listed), not \(expected)") }
    }

    private mutating func grant(to app: Int) async throws {
        let kind: OwnershipModel.Kind = Bool.random(using: &random) ? .user : .account
        let id = someID(kind)
        let rights = Int16.random(in: 0...7, using: &random) << 1 | OwnershipModel.read
        guard let object = model.object(kind, id), object.rights[app] == nil else { return }
        try await api.grant(kind == .user ? "user" : "account", id, to: apps[app], rights: rights)
        if kind == .user { model.users[id]?.rights[app] = rights } else { model.accounts[id]?.rights[app] = rights }
    }

    // MARK: - Choices and checks

    private mutating func someEmail() -> String { "p\(Int.random(in: 0..<40, using: &random))@example.org" }

    /// An id that exists, most of the time.
    private mutating func someID(_ kind: OwnershipModel.Kind) -> Int64 {
        let ids = (kind == .user ? model.users : model.accounts).keys.sorted()
        guard Int.random(in: 0..<20, using: &random) > 0, let id = ids.randomElement(using: &random) else {
            return Int64.random(in: 500_000...600_000, using: &random)
        }
        return id
    }

    private func require(_ answer: Answer, _ refusal: Int?, _ what: String) throws {
        let body: String? =
            switch refusal {
            case 401: Body.nonPermissible
            case 404: Body.notFound
            case 422: Body.invalid("Email has already been taken", "email")
            default: nil
            }
        guard answer.status == refusal ?? 200, body == nil || answer.body == body else {
            throw Disagreement(description: "\(what): \(answer) instead of \(refusal ?? 200)")
        }
    }

    private func requireUser(_ answer: Answer, _ app: Int, _ id: Int64) throws {
        let user = try answer.json()
        let accounts = Set(user["accounts"]?.elements.compactMap { $0["id"]?.integer } ?? [])
        let expected = model.visibleAccounts(of: id, app)
        let impersonates = model.refusal(app, .user, id, OwnershipModel.impersonate) == nil
        guard user["id"]?.integer == id, user["email"]?.string == model.users[id]?.email, accounts == expected,
            (user["access_token"] != nil) == impersonates, (user["pubsub_token"] != nil) == impersonates
        else { throw Disagreement(description: "user \(id) to app \(app): \(answer.body), accounts \(expected)") }
    }
}
