// SPDX-License-Identifier: Apache-2.0

import Testing

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
            do {
                try await game.compareEverything()
            } catch let failure as Game.Disagreement {
                Issue.record("seed \(seed), at the end: \(failure.description)")
            }
        }
    }
}

extension Game {
    /// One random call of a random app.
    mutating func step() async throws {
        let app = Int.random(in: 0..<3, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<9: try await createUser(app)
        case 9..<14: try await createAccount(app)
        case 14..<19: try await createBot(app)
        case 19..<25: try await showUser(app, someID(.user))
        case 25..<28: try await changeUser(app, someID(.user))
        case 28..<32: try await changeEmail(app, someID(.user))
        case 32..<37: try await deleteSomething(app)
        case 37..<41: try await rotate(app, someID(.user))
        case 41..<44: try await account(app, someID(.account))
        case 44..<47: try await bot(app, someID(.bot))
        case 47..<55: try await join(app, someID(.account), someID(.user))
        case 55..<58: try await part(app, someID(.account), someID(.user))
        case 58..<62: try await suspend(app, someID(.user), "suspend")
        case 62..<65: try await suspend(app, someID(.user), "restore")
        case 65..<69: try await suspendMember(app, "suspend")
        case 69..<71: try await suspendMember(app, "restore")
        case 71..<75: try await role(app, someID(.account))
        case 75..<77: try await endRole(app)
        case 77..<80: try await mint(app, someID(.user))
        case 80..<84: try await redeem()
        case 84..<88: try await provision(app)
        case 88..<90: try await bulk(app)
        case 90..<92: try await release(app)
        case 92..<95: try await look(app)
        default: try await grant(to: app)
        }
    }

    /// Everything that anybody can see.
    func compareEverything() async throws {
        for app in apps.indices {
            try await compareLists(app)
            for id in model.users.keys.sorted() { try await showUser(app, id) }
            for id in (model.objects[.account] ?? [:]).keys.sorted() {
                try await listMembers(app, id)
                try await listRoles(app, id)
            }
        }
        for id in model.users.keys.sorted() { try await whoAmI(id) }
    }
}
