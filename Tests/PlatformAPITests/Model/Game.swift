// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Testing
import WebSurface

/// The model and the real thing, side by side.
struct Game {
    typealias Kind = OwnershipModel.Kind

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

    // MARK: - Choices

    mutating func someEmail() -> String { "p\(Int.random(in: 0..<40, using: &random))@example.org" }

    /// An id that exists, most of the time.
    mutating func someID(_ kind: Kind) -> Int64 {
        let ids = (model.objects[kind] ?? [:]).keys.sorted()
        guard Int.random(in: 0..<20, using: &random) > 0, let id = ids.randomElement(using: &random) else {
            return Int64.random(in: 500_000...600_000, using: &random)
        }
        return id
    }

    mutating func someKind() -> Kind { Kind.allCases.randomElement(using: &random) ?? .user }

    // MARK: - Checks

    func require(_ answer: Answer, _ refusal: Int?, _ what: String, _ invalid: String? = nil) throws {
        let body: String? =
            switch refusal {
            case 401: Body.nonPermissible
            case 404: Body.notFound
            case 422: invalid ?? Body.invalid("Email has already been taken", "email")
            default: nil
            }
        guard answer.status == refusal ?? 200, body == nil || answer.body == body else {
            throw Disagreement(description: "\(what): \(answer) instead of \(refusal ?? 200)")
        }
    }

    func requireSame<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        guard found == expected else { throw Disagreement(description: "\(what): \(found), not \(expected)") }
    }

    func requireUser(_ answer: Answer, _ app: Int, _ id: Int64) throws {
        let user = try answer.json()
        let accounts = Set(user["accounts"]?.elements.compactMap { $0["id"]?.integer } ?? [])
        let expected = model.visibleAccounts(of: id, app)
        let impersonates = model.refusal(app, .user, id, OwnershipModel.impersonate) == nil
        guard user["id"]?.integer == id, user["email"]?.string == model[.user, id]?.email, accounts == expected,
            (user["access_token"] != nil) == impersonates, (user["pubsub_token"] != nil) == impersonates,
            !impersonates || user["access_token"]?.string == model[.user, id]?.token
        else { throw Disagreement(description: "user \(id) to app \(app): \(answer.body), accounts \(expected)") }
    }
}
