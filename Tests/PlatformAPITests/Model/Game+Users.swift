// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Moves on users.
extension Game {
    mutating func createUser(_ app: Int) async throws {
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
        try requireNew(answer, app, email)
    }

    /// A user that this very call made, for the app.
    private mutating func requireNew(_ answer: Answer, _ app: Int, _ email: String, in account: Int64? = nil) throws {
        let id = try answer.id()
        guard model[.user, id] == nil else { throw Disagreement(description: "user \(id) was there before") }
        model[.user, id] = .init(rights: [app: 15], email: email, token: try answer.json()["access_token"]?.string)
        if let account { model.join(id, account) }
        try requireUser(answer, app, id)
    }

    func showUser(_ app: Int, _ id: Int64) async throws {
        let answer = try await apps[app].get("/users/\(id)")
        try require(answer, model.refusal(app, .user, id, OwnershipModel.read), "app \(app) reads user \(id)")
        if answer.status == 200 { try requireUser(answer, app, id) }
    }

    func changeUser(_ app: Int, _ id: Int64) async throws {
        let answer = try await apps[app].patch("/users/\(id)", #"{"name":"M"}"#)
        try require(answer, model.refusal(app, .user, id, OwnershipModel.write), "app \(app) changes user \(id)")
        if answer.status == 200 { try requireUser(answer, app, id) }
    }

    mutating func changeEmail(_ app: Int, _ id: Int64) async throws {
        let email = someEmail()
        let answer = try await apps[app].patch("/users/\(id)", #"{"email":"\#(email)"}"#)
        var expected = model.refusal(app, .user, id, OwnershipModel.write | OwnershipModel.impersonate)
        if expected == nil, let holder = model.holder(of: email), holder != id { expected = 422 }
        try require(answer, expected, "app \(app) gives user \(id) \(email)")
        if expected == nil {
            model[.user, id]?.email = email
            try requireUser(answer, app, id)
        }
    }

    /// The former token ends, the new one begins.
    mutating func rotate(_ app: Int, _ id: Int64) async throws {
        let former = model[.user, id]?.token
        let rotates = Bool.random(using: &random)
        let answer = try await apps[app].post("/users/\(id)/token", #"{"rotate":\#(rotates)}"#)
        try require(
            answer, model.refusal(app, .user, id, OwnershipModel.impersonate), "app \(app) takes the token of user \(id)")
        guard answer.status == 200 else { return }
        let token = try answer.json()["access_token"]?.string
        try requireSame(token != former, rotates, "the token of user \(id) is another one")
        model[.user, id]?.token = token
        if rotates, let former {
            let answer = try await api.stranger.call("GET", "/auth/validate_token", headers: [("api_access_token", former)])
            try requireSame(answer.status, 401, "the former token of user \(id)")
        }
        try await whoAmI(id)
    }

    /// What the holder of the user's token sees.
    func whoAmI(_ id: Int64) async throws {
        guard let token = model[.user, id]?.token else { return }
        let answer = try await api.stranger.call("GET", "/auth/validate_token", headers: [("api_access_token", token)])
        let open = model.open(to: id)
        try requireSame(answer.status, open == nil ? 401 : 200, "the token of user \(id): \(answer)")
        guard let open else { return }
        let seen = try answer.json()["data"]?["accounts"]?.elements.compactMap { $0["id"]?.integer } ?? []
        try requireSame(Set(seen), open, "accounts open to user \(id)")
    }

    // MARK: - Login links

    mutating func mint(_ app: Int, _ id: Int64) async throws {
        let answer = try await apps[app].call(Bool.random(using: &random) ? "GET" : "POST", "/users/\(id)/login")
        var expected = model.refusal(app, .user, id, OwnershipModel.impersonate)
        if expected == nil, model[.user, id]?.suspenders.isEmpty == false { expected = 422 }
        try require(answer, expected, "app \(app) mints a link of user \(id)", Body.invalid("User is suspended", "user"))
        guard expected == nil else { return }
        let token = try answer.json()["url"]?.string?.split(separator: "=").last.map(String.init) ?? ""
        model.links.append(.init(token: token, user: id, app: app))
    }

    mutating func redeem() async throws {
        guard let index = model.links.indices.randomElement(using: &random) else { return }
        let link = model.links[index]
        let answer = try await api.stranger.redeem(model[.user, link.user]?.email ?? "", link.token)
        try requireSame(answer.status, model.isGood(link) ? 200 : 401, "redeeming \(link): \(answer)")
        guard answer.status == 200 else { return }
        try requireSame(try answer.json()["data"]?["id"]?.integer, link.user, "who is signed in")
        model.links[index].isSpent = true
    }

    // MARK: - Provisioning

    mutating func provision(_ app: Int) async throws {
        let (email, account) = (someEmail(), Bool.random(using: &random) ? someID(.account) : nil)
        let accounts = account.map { #","accounts":[{"account_id":\#($0)}]"# } ?? ""
        let expected = model.refusal(app, provision: email, in: account)
        let answer = try await apps[app].call("PUT", "/provision", .json(#"{"name":"P","email":"\#(email)"\#(accounts)}"#))
        try require(answer, expected, "app \(app) provisions \(email) in \(account ?? 0)")
        guard expected == nil else { return }
        guard let holder = model.holder(of: email) else { return try requireNew(answer, app, email, in: account) }
        if let account { model.join(holder, account) }
        try requireUser(answer, app, holder)
    }

    /// Three people at once, each by itself.
    mutating func bulk(_ app: Int) async throws {
        var items: [(email: String, account: Int64)] = []
        while items.count < 3 {
            let email = someEmail()
            if !items.contains(where: { $0.email == email }) { items.append((email, someID(.account))) }
        }
        let text = items.map { #"{"name":"B","email":"\#($0.email)","accounts":[{"account_id":\#($0.account)}]}"# }
        let expected = items.map { model.refusal(app, provision: $0.email, in: $0.account) }
        let answer = try await apps[app].post("/bulk", "[\(text.joined(separator: ","))]")
        try require(answer, nil, "app \(app) sends \(items)")
        let results = try answer.json()["results"]?.elements ?? []
        try requireSame(results.map { $0["status"]?.integer.map { Int($0) } }, expected, "app \(app) sends \(items): \(answer)")
        for (item, result) in zip(items, results) where result["status"] == nil {
            guard let id = result["id"]?.integer else { throw Disagreement(description: "\(answer)") }
            try requireSame(model.holder(of: item.email) ?? id, id, "who \(item.email) is")
            let isNew = model[.user, id] == nil
            try requireSame(result["result"]?.string == "created", isNew, "\(item.email) is new")
            if isNew {
                let token = try await apps[app].get("/users/\(id)").json()["access_token"]?.string
                model[.user, id] = .init(rights: [app: 15], email: item.email, token: token)
            }
            model.join(id, item.account)
        }
    }
}
