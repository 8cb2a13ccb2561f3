// SPDX-License-Identifier: Apache-2.0

/// Who may see and do what, in as few lines as it can be said: the judge of the model test.
struct OwnershipModel {
    enum Kind { case user, account }

    struct Object {
        var isDeleted = false
        /// Bits as `Rights` has them, by the index of the app.
        var rights: [Int: Int16] = [:]
        var email = ""
    }

    static let (read, write, impersonate, delete): (Int16, Int16, Int16, Int16) = (1, 2, 4, 8)

    var users: [Int64: Object] = [:]
    var accounts: [Int64: Object] = [:]
    /// In the order in which they came to be.
    var memberships: [(account: Int64, user: Int64)] = []

    func object(_ kind: Kind, _ id: Int64) -> Object? { kind == .user ? users[id] : accounts[id] }

    /// The status that refuses the call, or nil when nothing does.
    func refusal(_ app: Int, _ kind: Kind, _ id: Int64, _ needed: Int16) -> Int? {
        guard let object = object(kind, id), let rights = object.rights[app], rights & needed == needed else { return 401 }
        return object.isDeleted ? 404 : nil
    }

    func refusal(_ app: Int, account: Int64, user: Int64) -> Int? {
        refusal(app, .account, account, Self.write) ?? refusal(app, .user, user, Self.write)
    }

    func holder(of email: String) -> Int64? { users.first { !$0.value.isDeleted && $0.value.email == email }?.key }

    func visibleAccounts(_ app: Int) -> [Int64] {
        accounts.keys.filter { refusal(app, .account, $0, Self.read) == nil }.sorted()
    }

    func visibleAccounts(of user: Int64, _ app: Int) -> Set<Int64> {
        Set(memberships.filter { $0.user == user && refusal(app, .account, $0.account, Self.read) == nil }.map(\.account))
    }

    func members(of account: Int64) -> [Int64] {
        memberships.filter { $0.account == account && users[$0.user]?.isDeleted == false }.map(\.user)
    }

    mutating func join(_ user: Int64, _ account: Int64) {
        if !memberships.contains(where: { $0.user == user && $0.account == account }) { memberships.append((account, user)) }
    }

    mutating func part(_ user: Int64, _ account: Int64) {
        memberships.removeAll { $0.user == user && $0.account == account }
    }
}
