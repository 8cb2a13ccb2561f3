// SPDX-License-Identifier: Apache-2.0

import Directory

/// What three apps may see and do, as simple as it can be said: dictionaries, and no SQL.
struct OwnershipModel {
    struct Person: Equatable {
        var email: String
        var name: String
        var version: Int64 = 1
        var deleted = false
        /// The apps that suspend the person, each with its reason.
        var suspenders: [Int: String] = [:]
    }

    struct Tenant: Equatable {
        var name: String
        var version: Int64 = 1
        var deleted = false
        /// Who suspends it: an app's number, or 100 and more for its source.
        var suspenders: Set<Int> = []
    }

    struct Key: Hashable {
        var app: Int
        var id: Int64
    }

    struct Pair: Hashable {
        var account: Int64
        var user: Int64
    }

    var people: [Int64: Person] = [:]
    var tenants: [Int64: Tenant] = [:]
    var userRights: [Key: Rights] = [:]
    var accountRights: [Key: Rights] = [:]
    var roles: [Pair: Role] = [:]
    /// The apps that suspend a membership, each with its reason.
    var suspended: [Pair: [Int: String]] = [:]

    /// What a call gives back, as far as the model says.
    enum Outcome: Equatable, CustomStringConvertible {
        case user(id: Int64?, email: String, name: String, secrets: Bool, accounts: [Int64: String])
        case account(id: Int64?, name: String, suspended: Bool)
        case accounts([Int64: String])
        case members([Int64: String])
        case membership(String)
        case suspended(Set<Int>)
        case found([Int64])
        case reach([String])
        case done
        case refused(DirectoryError)
        case applied(Int, refused: [String: Int])

        var description: String {
            switch self {
            case .user(let id, let email, let name, let secrets, let accounts):
                "user \(id ?? 0) \(email) \(name) secrets:\(secrets) \(accounts.sorted { $0.key < $1.key })"
            case .account(let id, let name, let suspended): "account \(id ?? 0) \(name) suspended:\(suspended)"
            case .accounts(let list): "accounts \(list.sorted { $0.key < $1.key })"
            case .members(let list): "members \(list.sorted { $0.key < $1.key })"
            case .membership(let role): "membership \(role)"
            case .suspended(let apps): "suspended by \(apps.sorted())"
            case .found(let ids): "found \(ids)"
            case .reach(let objects): "reaches \(objects)"
            case .done: "done"
            case .refused(let error): "refused \(error)"
            case .applied(let count, let refused): "applied \(count), refused \(refused)"
            }
        }
    }

    // MARK: Users

    func holder(of email: String) -> Int64? { people.first { $0.value.email == email && !$0.value.deleted }?.key }

    func user(_ id: Int64, _ app: Int, _ needed: Rights = .read) -> Outcome {
        guard let rights = userRights[Key(app: app, id: id)], rights.isSuperset(of: needed) else {
            return .refused(.nonPermissible)
        }
        guard let person = people[id], !person.deleted else { return .refused(.notFound) }
        let seen = roles.filter { pair, _ in
            pair.user == id && suspended[pair, default: [:]].isEmpty && accountRights[Key(app: app, id: pair.account)] != nil
                && tenants[pair.account]?.deleted == false
        }
        return .user(
            id: id, email: person.email, name: person.name, secrets: rights.contains(.impersonate),
            accounts: Dictionary(uniqueKeysWithValues: seen.map { ($0.key.account, $0.value.rawValue) }))
    }

    /// A nil id stands for a new one.
    func create(_ email: String, _ name: String, _ app: Int) -> Outcome {
        guard let id = holder(of: email) else { return .user(id: nil, email: email, name: name, secrets: true, accounts: [:]) }
        return userRights[Key(app: app, id: id)] == nil ? .refused(.emailTaken) : user(id, app)
    }

    mutating func update(_ id: Int64, email: String?, name: String?, _ app: Int) -> Outcome {
        let before = user(id, app, email == nil ? .write : [.write, .impersonate])
        guard case .user = before, var person = people[id] else { return before }
        if let email, let holder = holder(of: email), holder != id { return .refused(.emailTaken) }
        person.email = email ?? person.email
        person.name = name ?? person.name
        if person != people[id] { person.version += 1 }
        people[id] = person
        return user(id, app)
    }

    mutating func deleteUser(_ id: Int64, _ app: Int) -> Outcome {
        guard case .refused(let error) = user(id, app, .delete) else {
            people[id]?.deleted = true
            people[id]?.version += 1
            return .done
        }
        return .refused(error)
    }

    // MARK: Suspensions

    /// - Parameter reason: nil restores.
    mutating func suspend(_ id: Int64, _ reason: String?, _ app: Int) -> Outcome {
        if case .refused(let error) = user(id, app, .write) { return .refused(error) }
        if people[id]?.suspenders[app] != reason { people[id]?.version += 1 }
        people[id]?.suspenders[app] = reason
        return .suspended(Set((people[id]?.suspenders ?? [:]).keys))
    }

    /// - Parameter reason: nil restores.
    mutating func suspend(_ pair: Pair, _ reason: String?, _ app: Int) -> Outcome {
        if case .refused(let error) = account(pair.account, app, .write) { return .refused(error) }
        if case .refused(let error) = user(pair.user, app, .write) { return .refused(error) }
        guard roles[pair] != nil else { return .refused(.notFound) }
        if suspended[pair, default: [:]][app] != reason { people[pair.user]?.version += 1 }
        suspended[pair, default: [:]][app] = reason
        return .suspended(Set(suspended[pair, default: [:]].keys))
    }

    // MARK: Find and permissibles

    func found(_ status: UserQuery.Status?, _ app: Int) -> Outcome {
        .found(
            people.filter { id, person in
                !person.deleted && userRights[Key(app: app, id: id)] != nil
                    && (status == nil || (status == .suspended) == !person.suspenders.isEmpty)
            }.keys.sorted())
    }

    func found(membersOf account: Int64, _ app: Int) -> Outcome {
        if case .refused(let error) = self.account(account, app) { return .refused(error) }
        let members = roles.keys.filter {
            $0.account == account && userRights[Key(app: app, id: $0.user)] != nil && people[$0.user]?.deleted == false
        }
        return .found(members.map(\.user).sorted())
    }

    func reach(_ app: Int) -> Outcome {
        let accounts = accountRights.filter { $0.key.app == app && tenants[$0.key.id]?.deleted == false }
        let users = userRights.filter { $0.key.app == app && people[$0.key.id]?.deleted == false }
        func lines(_ kind: String, _ rights: [Key: Rights]) -> [String] {
            rights.sorted { $0.key.id < $1.key.id }.map { "\(kind) \($0.key.id) \($0.value.rawValue)" }
        }
        return .reach(lines("account", accounts) + lines("user", users))
    }

    mutating func release(user id: Int64, _ app: Int) -> Outcome {
        if case .refused(let error) = user(id, app) { return .refused(error) }
        userRights[Key(app: app, id: id)] = nil
        return .done
    }

    mutating func release(account id: Int64, _ app: Int) -> Outcome {
        if case .refused(let error) = account(id, app) { return .refused(error) }
        accountRights[Key(app: app, id: id)] = nil
        return .done
    }

    // MARK: Accounts

    func account(_ id: Int64, _ app: Int, _ needed: Rights = .read) -> Outcome {
        guard let rights = accountRights[Key(app: app, id: id)], rights.isSuperset(of: needed) else {
            return .refused(.nonPermissible)
        }
        guard let tenant = tenants[id], !tenant.deleted else { return .refused(.notFound) }
        return .account(id: id, name: tenant.name, suspended: !tenant.suspenders.isEmpty)
    }

    func accounts(_ app: Int) -> Outcome {
        .accounts(tenants.filter { !$0.value.deleted && accountRights[Key(app: app, id: $0.key)] != nil }.mapValues(\.name))
    }

    mutating func update(account id: Int64, name: String?, status: AccountStatus?, _ app: Int) -> Outcome {
        let before = account(id, app, .write)
        guard case .account = before, var tenant = tenants[id] else { return before }
        tenant.name = name ?? tenant.name
        if status == .suspended { tenant.suspenders.insert(app) }
        if status == .active { tenant.suspenders.remove(app) }
        if tenant != tenants[id] { tenant.version += 1 }
        tenants[id] = tenant
        return account(id, app)
    }

    mutating func deleteAccount(_ id: Int64, _ app: Int) -> Outcome {
        guard case .refused(let error) = account(id, app, .delete) else {
            tenants[id]?.deleted = true
            tenants[id]?.version += 1
            return .done
        }
        return .refused(error)
    }

    // MARK: Memberships

    func members(_ id: Int64, _ app: Int) -> Outcome {
        if case .refused(let error) = account(id, app) { return .refused(error) }
        let live = roles.filter { $0.key.account == id && people[$0.key.user]?.deleted == false }
        return .members(Dictionary(uniqueKeysWithValues: live.map { ($0.key.user, $0.value.rawValue) }))
    }

    /// - Parameter role: nil keeps the role there is; `.some(nil)` ends the membership.
    mutating func membership(_ pair: Pair, _ role: Role??, _ app: Int) -> Outcome {
        if case .refused(let error) = account(pair.account, app, .write) { return .refused(error) }
        if case .refused(let error) = user(pair.user, app, .write) { return .refused(error) }
        let before = roles[pair]
        switch role {
        case .none: roles[pair] = before ?? .agent
        case .some(let role): roles[pair] = role
        }
        if roles[pair] == nil { suspended[pair] = nil }
        if roles[pair] != before { people[pair.user]?.version += 1 }
        return roles[pair].map { .membership($0.rawValue) } ?? .done
    }

    // MARK: Changes

    /// What the engine must do with a run of these rows on behalf of the app, all in one chunk.
    mutating func apply(_ rows: [PlanFixture.Row], _ app: Int) -> Outcome {
        var refused: [Int: String] = [:]
        for (number, row) in rows.enumerated() { refused[number] = refusal(row, app) }
        var changed = true
        while changed {
            changed = false
            let moving = Set(
                rows.enumerated().filter { refused[$0.offset] == nil && $0.element.fields.keys.contains("email") }.map(
                    \.element.id))
            for (number, row) in rows.enumerated() where refused[number] == nil {
                guard let email = row.fields["email"] ?? nil, let held = holder(of: email), held != row.id, !moving.contains(held)
                else { continue }
                refused[number] = "email_taken"
                changed = true
            }
        }
        for (number, row) in rows.enumerated() where refused[number] == nil { write(row, app) }
        let counts = refused.values.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        return .applied(rows.count - refused.count, refused: counts)
    }

    private func refusal(_ row: PlanFixture.Row, _ app: Int) -> String? {
        let rights = (row.kind == .user ? userRights : accountRights)[Key(app: app, id: row.id)]
        let needed: Rights = row.fields.keys.contains("email") ? [.write, .impersonate] : .write
        let live =
            row.kind == .user ? people[row.id].map { ($0.deleted, $0.version) } : tenants[row.id].map { ($0.deleted, $0.version) }
        var codes: [String] = []
        if rights?.isSuperset(of: needed) != true {
            codes.append("non_permissible")
        } else if live?.0 != false {
            codes.append("gone")
        } else if live?.1 != row.version {
            codes.append("stale")
        }
        for account in row.memberships.keys {
            if case .refused = self.account(account, app, .write) { codes.append("non_permissible") }
        }
        return codes.min()
    }

    private mutating func write(_ row: PlanFixture.Row, _ app: Int) {
        if row.kind == .account {
            tenants[row.id]?.version += 1
            if case .some(.some(let name)) = row.fields["name"] { tenants[row.id]?.name = name }
            if row.suspends == true { tenants[row.id]?.suspenders.insert(100 + app) }
            if row.suspends == false { tenants[row.id]?.suspenders.remove(100 + app) }
            return
        }
        people[row.id]?.version += 1
        if case .some(.some(let name)) = row.fields["name"] { people[row.id]?.name = name }
        if case .some(.some(let email)) = row.fields["email"] { people[row.id]?.email = email }
        for (account, role) in row.memberships {
            roles[Pair(account: account, user: row.id)] = role.flatMap(Role.init(rawValue:))
            if role == nil { suspended[Pair(account: account, user: row.id)] = nil }
        }
    }
}
