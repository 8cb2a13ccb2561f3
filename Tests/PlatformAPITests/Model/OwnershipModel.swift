// SPDX-License-Identifier: Apache-2.0

/// Who may see and do what, in as few lines as it can be said: the judge of the model test.
struct OwnershipModel {
    enum Kind: String, CaseIterable {
        case account, user, bot = "agent_bot"

        /// The noun in paths.
        var path: String { self == .bot ? "agent_bots" : "\(rawValue)s" }
    }

    struct Object {
        var isDeleted = false
        /// Bits as `Rights` has them, by the index of the app.
        var rights: [Int: Int16] = [:]
        /// Of a user.
        var email = ""
        var token: String?
        var suspenders: Set<Int> = []
        /// Of a bot.
        var account: Int64?
    }

    struct Membership {
        let account: Int64
        let user: Int64
        var suspenders: Set<Int> = []
    }

    struct Link {
        let token: String
        let user: Int64
        let app: Int
        var isSpent = false
    }

    static let (read, write, impersonate, delete): (Int16, Int16, Int16, Int16) = (1, 2, 4, 8)

    var objects: [Kind: [Int64: Object]] = [.account: [:], .user: [:], .bot: [:]]
    /// In the order in which they came to be.
    var memberships: [Membership] = []
    var roles: [(id: Int64, account: Int64, name: String)] = []
    var links: [Link] = []

    subscript(kind: Kind, id: Int64) -> Object? {
        get { objects[kind]?[id] }
        set { objects[kind]?[id] = newValue }
    }

    var users: [Int64: Object] { objects[.user] ?? [:] }

    // MARK: - Refusals

    /// The status that refuses the call, or nil when nothing does.
    func refusal(_ app: Int, _ kind: Kind, _ id: Int64, _ needed: Int16) -> Int? {
        guard let object = self[kind, id], let rights = object.rights[app], rights & needed == needed else { return 401 }
        return isGone(object) ? 404 : nil
    }

    func refusal(_ app: Int, account: Int64, user: Int64) -> Int? {
        refusal(app, .account, account, Self.write) ?? refusal(app, .user, user, Self.write)
    }

    /// A deleted account takes its bots along.
    private func isGone(_ object: Object) -> Bool {
        object.isDeleted || object.account.map { self[.account, $0]?.isDeleted != false } ?? false
    }

    /// Of one person that is provisioned, with one membership or none.
    func refusal(_ app: Int, provision email: String, in account: Int64?) -> Int? {
        if let holder = holder(of: email) {
            guard refusal(app, .user, holder, Self.read) == nil else { return 422 }
            if let refusal = refusal(app, .user, holder, Self.write) { return refusal }
        }
        return account.flatMap { refusal(app, .account, $0, Self.write) }
    }

    // MARK: - What is seen

    func holder(of email: String) -> Int64? { users.first { !$0.value.isDeleted && $0.value.email == email }?.key }

    func visible(_ app: Int, _ kind: Kind) -> [Int64] {
        (objects[kind] ?? [:]).keys.filter { refusal(app, kind, $0, Self.read) == nil }.sorted()
    }

    /// What a user's body lists; suspended memberships are not in it.
    func visibleAccounts(of user: Int64, _ app: Int) -> Set<Int64> {
        let seen = memberships.filter {
            $0.user == user && $0.suspenders.isEmpty && refusal(app, .account, $0.account, Self.read) == nil
        }
        return Set(seen.map(\.account))
    }

    func members(of account: Int64) -> [Int64] {
        memberships.filter { $0.account == account && users[$0.user]?.isDeleted == false }.map(\.user)
    }

    func roleIDs(of account: Int64) -> [Int64] { roles.filter { $0.account == account }.map(\.id) }

    /// The accounts that are open to the person who holds the user's token; nil when the token opens nothing.
    func open(to user: Int64) -> Set<Int64>? {
        guard let object = self[.user, user], !object.isDeleted, object.suspenders.isEmpty else { return nil }
        let open = memberships.filter {
            $0.user == user && $0.suspenders.isEmpty && self[.account, $0.account]?.isDeleted == false
        }
        return Set(open.map(\.account))
    }

    func isGood(_ link: Link) -> Bool {
        !link.isSpent && open(to: link.user) != nil && refusal(link.app, .user, link.user, Self.impersonate) == nil
    }

    // MARK: - What becomes so

    func index(_ user: Int64, _ account: Int64) -> Int? {
        memberships.firstIndex { $0.user == user && $0.account == account }
    }

    mutating func join(_ user: Int64, _ account: Int64) {
        if index(user, account) == nil { memberships.append(Membership(account: account, user: user)) }
    }

    mutating func part(_ user: Int64, _ account: Int64) { memberships.removeAll { $0.user == user && $0.account == account } }
}
