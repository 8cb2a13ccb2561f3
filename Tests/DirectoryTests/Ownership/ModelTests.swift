// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

/// Three apps, thousands of random operations by call and by change: what the model does not allow does not happen.
@Suite struct ModelTests {
    @Test(arguments: [20_260_921, 7] as [UInt64]) func threeApps(_ seed: UInt64) async throws {
        try await withDirectory { world in
            var attack = try await Attack(seed: seed, world: world)
            for number in 1...2_200 {
                let (what, expected, got) = try await attack.step()
                guard expected == got else {
                    Issue.record("seed \(seed), operation \(number): \(what): expected \(expected), got \(got)")
                    return
                }
            }
            try await attack.compareEverything("seed \(seed), at the end")
        }
    }
}

/// One run of the model test: the model and the installation, walked in step.
private struct Attack {
    typealias Outcome = OwnershipModel.Outcome

    var random: SeededGenerator
    var model = OwnershipModel()
    let world: TestDirectory
    let apps: [TestApp]
    let plans: [PlanFixture]
    var users: [Int64] = []
    var accounts: [Int64] = []

    init(seed: UInt64, world: TestDirectory) async throws {
        random = SeededGenerator(seed: seed)
        self.world = world
        let apps = [try await world.app("One"), try await world.app("Two"), try await world.app("Three")]
        var plans: [PlanFixture] = []
        for app in apps { plans.append(try await PlanFixture(world, by: app)) }
        self.apps = apps
        self.plans = plans
    }

    // MARK: Chance

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func email() -> String { "p\(number(1...40))@x.org" }

    /// Mostly one that exists; now and then one that never did.
    mutating func userID() -> Int64 {
        number(1...20) == 1 ? strangeIDs.randomElement(using: &random)! : users.randomElement(using: &random) ?? 1
    }

    mutating func accountID() -> Int64 {
        number(1...20) == 1 ? strangeIDs.randomElement(using: &random)! : accounts.randomElement(using: &random) ?? 1
    }

    mutating func role() -> Role { number(0...1) == 0 ? .agent : .administrator }

    // MARK: Steps

    mutating func step() async throws -> (what: String, expected: Outcome, got: Outcome) {
        let app = number(0...2)
        switch number(0...124) {
        case 100..<107: return try await suspendUser(app)
        case 107..<114: return try await suspendMembership(app)
        case 114..<122: return try await find(app)
        case 122..<125: return try await release(app)
        case 0..<12: return try await createUser(app)
        case 12..<24: return try await readUser(app)
        case 24..<38: return try await updateUser(app)
        case 38..<41: return try await deleteUser(app)
        case 41..<46: return try await createAccount(app)
        case 46..<54: return try await readAccounts(app)
        case 54..<62: return try await updateAccount(app)
        case 62..<63: return try await deleteAccount(app)
        case 63..<78: return try await writeMembership(app)
        case 78..<90: return try await changeRights(app)
        default: return try await run(app)
        }
    }

    func outcome(_ body: () async throws -> Outcome) async throws -> Outcome {
        do {
            return try await body()
        } catch let error as DirectoryError { return .refused(error) }
    }

    static func seen(_ user: User, new: Bool = false) -> Outcome {
        .user(
            id: new ? nil : user.id, email: user.email, name: user.name, secrets: user.secrets != nil,
            accounts: Dictionary(uniqueKeysWithValues: user.accounts.map { ($0.id, $0.role) }))
    }

    static func seen(_ account: Account, new: Bool = false) -> Outcome {
        .account(id: new ? nil : account.id, name: account.name, suspended: account.status == .suspended)
    }

    mutating func createUser(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let (email, name) = (email(), "Name \(number(1...99))")
        let expected = model.create(email, name, app)
        var isNew = false
        if case .user(nil, _, _, _, _) = expected { isNew = true }
        var made: Int64?
        let got = try await outcome {
            let user = try await world.user(email, by: apps[app], name: name)
            made = user.id
            return Self.seen(user, new: isNew)
        }
        if isNew, let made {
            if model.people[made] != nil { Issue.record("an id was used twice: \(made)") }
            model.people[made] = .init(email: email, name: name)
            model.userRights[.init(app: app, id: made)] = .all
            users.append(made)
        }
        return ("app \(app) creates \(email)", expected, got)
    }

    mutating func readUser(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let id = userID()
        let store = world.directory.users
        if number(0...3) == 0 {
            let got = try await outcome { Self.seen(try await store.token(id, by: apps[app].caller)) }
            return ("app \(app) takes the token of \(id)", model.user(id, app, .impersonate), got)
        }
        return (
            "app \(app) reads \(id)", model.user(id, app),
            try await outcome { Self.seen(try await store.show(id, by: apps[app].caller)) }
        )
    }

    mutating func updateUser(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let id = userID()
        let email = number(0...1) == 0 ? email() : nil
        let name = number(0...2) > 0 ? "Name \(number(1...99))" : nil
        let expected = model.update(id, email: email, name: name, app)
        let got = try await outcome {
            Self.seen(try await world.directory.users.update(id, UserUpdate(email: email, name: name), by: apps[app].caller))
        }
        return ("app \(app) updates \(id) to \(email ?? "-") \(name ?? "-")", expected, got)
    }

    mutating func deleteUser(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let id = userID()
        let expected = model.deleteUser(id, app)
        let got = try await outcome {
            try await world.directory.users.delete(id, by: apps[app].caller)
            return .done
        }
        return ("app \(app) deletes \(id)", expected, got)
    }

    mutating func createAccount(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let name = "Account \(number(1...99))"
        let made = try await world.account(name, by: apps[app])
        model.tenants[made.id] = .init(name: name)
        model.accountRights[.init(app: app, id: made.id)] = .all
        accounts.append(made.id)
        return ("app \(app) creates \(name)", model.account(made.id, app), Self.seen(made))
    }

    mutating func readAccounts(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let (id, caller) = (accountID(), apps[app].caller)
        switch number(0...2) {
        case 0: return ("app \(app) lists accounts", model.accounts(app), try await listed(caller))
        case 1: return ("app \(app) lists members of \(id)", model.members(id, app), try await members(id, caller))
        default:
            let got = try await outcome { Self.seen(try await world.directory.accounts.show(id, by: caller)) }
            return ("app \(app) reads account \(id)", model.account(id, app), got)
        }
    }

    func listed(_ caller: Caller) async throws -> Outcome {
        .accounts(
            Dictionary(uniqueKeysWithValues: try await world.directory.accounts.list(by: caller).items.map { ($0.id, $0.name) }))
    }

    func members(_ id: Int64, _ caller: Caller) async throws -> Outcome {
        try await outcome {
            let list = try await world.directory.memberships.list(accountID: id, by: caller)
            return .members(Dictionary(uniqueKeysWithValues: list.items.map { ($0.userID, $0.role) }))
        }
    }

    mutating func updateAccount(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let id = accountID()
        let name = number(0...1) == 0 ? "Account \(number(1...99))" : nil
        let status = [nil, AccountStatus.active, .suspended][number(0...2)]
        let expected = model.update(account: id, name: name, status: status, app)
        let got = try await outcome {
            Self.seen(
                try await world.directory.accounts.update(id, AccountDraft(name: name, status: status), by: apps[app].caller))
        }
        return ("app \(app) updates account \(id) to \(name ?? "-") \(status?.rawValue ?? "-")", expected, got)
    }

    mutating func deleteAccount(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let id = accountID()
        let expected = model.deleteAccount(id, app)
        let got = try await outcome {
            try await world.directory.accounts.delete(id, by: apps[app].caller)
            return .done
        }
        return ("app \(app) deletes account \(id)", expected, got)
    }

    mutating func writeMembership(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let pair = OwnershipModel.Pair(account: accountID(), user: userID())
        let caller = apps[app].caller
        let memberships = world.directory.memberships
        if number(0...3) == 0 {
            let expected = model.membership(pair, .some(nil), app)
            let got = try await outcome {
                try await memberships.delete(accountID: pair.account, userID: pair.user, by: caller)
                return .done
            }
            return ("app \(app) removes \(pair)", expected, got)
        }
        let role = number(0...2) == 0 ? nil : role()
        let expected = model.membership(pair, role.map { .some($0) }, app)
        let got = try await outcome {
            .membership(try await memberships.upsert(accountID: pair.account, MembershipDraft(pair.user, role), by: caller).role)
        }
        return ("app \(app) makes \(pair) \(role?.rawValue ?? "-")", expected, got)
    }

    mutating func suspendUser(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let (id, reason) = (userID(), number(0...2) == 0 ? nil : "reason \(number(1...2))")
        let expected = model.suspend(id, reason, app)
        let (store, caller) = (world.directory.suspensions, apps[app].caller)
        let got = try await outcome {
            let user =
                if let reason { try await store.suspend(user: id, SuspensionReason(reason), by: caller) } else {
                    try await store.restore(user: id, by: caller)
                }
            return try await suspenders(try await store.ofUsers([user.id], by: caller)[user.id])
        }
        return ("app \(app) suspends \(id): \(reason ?? "-")", expected, got)
    }

    mutating func suspendMembership(_ app: Int) async throws -> (String, Outcome, Outcome) {
        // Mostly a membership that is there.
        let known = model.roles.keys.sorted { ($0.account, $0.user) < ($1.account, $1.user) }.randomElement(using: &random)
        let strange = OwnershipModel.Pair(account: accountID(), user: userID())
        let pair = number(0...2) == 0 ? strange : known ?? strange
        let reason = number(0...2) == 0 ? nil : "reason \(number(1...2))"
        let expected = model.suspend(pair, reason, app)
        let (store, caller) = (world.directory.suspensions, apps[app].caller)
        let got = try await outcome {
            let membership =
                if let reason {
                    try await store.suspend(accountID: pair.account, userID: pair.user, SuspensionReason(reason), by: caller)
                } else {
                    try await store.restore(accountID: pair.account, userID: pair.user, by: caller)
                }
            let found = try await store.ofMemberships([membership.id], accountID: pair.account, by: caller)
            return try await suspenders(found[membership.id])
        }
        return ("app \(app) suspends \(pair): \(reason ?? "-")", expected, got)
    }

    func suspenders(_ found: [Suspension]?) async throws -> Outcome {
        .suspended(Set((found ?? []).compactMap { suspension in apps.firstIndex { $0.id == suspension.byID } }))
    }

    mutating func find(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let (caller, limit) = (apps[app].caller, number(1...9))
        switch number(0...2) {
        case 0:
            let status = [nil, UserQuery.Status.active, .suspended][number(0...2)]
            let got = try await outcome { .found(try await walk(limit, caller) { $0.status = status }) }
            return ("app \(app) finds \(status?.rawValue ?? "all") by \(limit)", model.found(status, app), got)
        case 1:
            let id = accountID()
            let got = try await outcome { .found(try await walk(limit, caller) { $0.accountID = id }.sorted()) }
            return ("app \(app) finds members of \(id) by \(limit)", model.found(membersOf: id, app), got)
        default:
            return ("app \(app) lists its reach by \(limit)", model.reach(app), try await reach(limit, caller))
        }
    }

    func walk(_ limit: Int, _ caller: Caller, _ filter: (inout UserQuery) -> Void) async throws -> [Int64] {
        var (ids, after): ([Int64], Int64?) = ([], 0)
        while let position = after {
            var query = UserQuery(page: PageRequest(limit: limit, after: position))
            filter(&query)
            let page = try await world.directory.users.find(query, by: caller)
            ids += page.items.map(\.id)
            after = page.next
        }
        return ids
    }

    func reach(_ limit: Int, _ caller: Caller) async throws -> Outcome {
        var (lines, position): ([String], PermissiblePosition?) = ([], nil)
        repeat {
            let page = try await world.directory.permissibles.list(nil, limit: limit, from: position, by: caller)
            lines += page.items.map { "\($0.kind.rawValue) \($0.id) \($0.rights.rawValue)" }
            position = page.next
        } while position != nil
        return .reach(lines)
    }

    mutating func release(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let isUser = number(0...1) == 0
        let id = isUser ? userID() : accountID()
        let expected = isUser ? model.release(user: id, app) : model.release(account: id, app)
        let got = try await outcome {
            try await world.directory.permissibles.release(isUser ? .user : .account, id, by: apps[app].caller)
            return .done
        }
        return ("app \(app) releases \(isUser ? "user" : "account") \(id)", expected, got)
    }

    /// A super admin grants, changes or revokes.
    mutating func changeRights(_ app: Int) async throws -> (String, Outcome, Outcome) {
        let isUser = number(0...1) == 0
        guard let id = (isUser ? users : accounts).randomElement(using: &random) else { return ("nothing", .done, .done) }
        let rights: Rights = number(0...4) == 0 ? [] : Rights.read.union(Rights(rawValue: Int16(number(0...15))))
        let key = OwnershipModel.Key(app: app, id: id)
        if isUser {
            model.userRights[key] = rights.isEmpty ? nil : rights
        } else {
            model.accountRights[key] = rights.isEmpty ? nil : rights
        }
        try await world.grant(isUser ? .user : .account, id, to: apps[app], rights)
        return ("grant", .done, .done)
    }

    /// A run on behalf of the app, against whatever objects chance gives.
    mutating func run(_ app: Int) async throws -> (String, Outcome, Outcome) {
        var plan = plans[app]
        var (objects, wanted): (Set<String>, Set<String>) = ([], [])
        for _ in 0..<number(1...5) {
            guard number(0...3) > 0 else {
                let id = accountID()
                guard objects.insert("account \(id)").inserted else { continue }
                let version = (model.tenants[id]?.version ?? 1) + (number(0...9) == 0 ? 1 : 0)
                let suspends = [nil, true, false][number(0...2)]
                let action = suspends.map { $0 ? "suspend" : "restore" } ?? "update"
                plan = plan.adding(
                    .init(
                        kind: .account, action: action, id: id, version: version, fields: ["name": "Run \(number(1...99))"],
                        suspends: suspends))
                continue
            }
            let id = userID()
            guard objects.insert("user \(id)").inserted else { continue }
            var row = PlanFixture.Row(id: id, version: (model.people[id]?.version ?? 1) + (number(0...9) == 0 ? 1 : 0))
            row.fields["name"] = "Run \(number(1...99))"
            let email = email()
            if number(0...1) == 0, wanted.insert(email).inserted { row.fields["email"] = email }
            if number(0...2) == 0 { row.memberships[accountID()] = number(0...3) == 0 ? String?.none : role().rawValue }
            plan = plan.adding(row)
        }
        let expected = model.apply(plan.rows, app)
        let set = try await plan.store()
        let engine = ChangeEngine(directory: world.directory)
        let report = try await engine.apply(set)
        return ("app \(app) runs \(plan.rows)", expected, .applied(report.applied, refused: report.refused))
    }

    // MARK: The whole

    /// Every object as every app sees it, and every version.
    func compareEverything(_ moment: String) async throws {
        for (number, app) in apps.enumerated() {
            for id in users + strangeIDs {
                let got = try await outcome { Self.seen(try await world.directory.users.show(id, by: app.caller)) }
                #expect(got == model.user(id, number), "\(moment), app \(number)")
            }
            for id in accounts + strangeIDs {
                let got = try await outcome { Self.seen(try await world.directory.accounts.show(id, by: app.caller)) }
                #expect(got == model.account(id, number), "\(moment), app \(number)")
                #expect(try await members(id, app.caller) == model.members(id, number), "\(moment), app \(number)")
            }
            #expect(try await listed(app.caller) == model.accounts(number), "\(moment), app \(number)")
            #expect(try await reach(7, app.caller) == model.reach(number), "\(moment), app \(number)")
            #expect(
                try await .found(walk(7, app.caller) { _ in }) == model.found(nil as UserQuery.Status?, number),
                "\(moment), app \(number)")
        }
        let versions = try await world.postgres.query("select id, row_version from users").map {
            (try $0.decode(Int64.self, "id"), try $0.decode(Int64.self, "row_version"))
        }
        #expect(Dictionary(uniqueKeysWithValues: versions) == model.people.mapValues(\.version), "\(moment)")
        let tenants = try await world.postgres.query("select id, row_version from accounts").map {
            (try $0.decode(Int64.self, "id"), try $0.decode(Int64.self, "row_version"))
        }
        #expect(Dictionary(uniqueKeysWithValues: tenants) == model.tenants.mapValues(\.version), "\(moment)")
    }
}
