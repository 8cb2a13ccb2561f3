// SPDX-License-Identifier: Apache-2.0
import Foundation
import Postgres
import Synchronization
import Testing

/// The platform contract, row by row, against one real `muster serve` with its own database.
///
/// A file per section of the contract; each test carries the number of the section, and each call of ``ContractClient/row``
/// is a row of its tables, in the page's order. What stands otherwise than on the page says so and names the text that wins:
/// the issue, the design pages, or section 9 of the contract itself.
@Suite(.realDaemon) struct ContractTests {}

extension Trait where Self == RealDaemon {
    /// One daemon for everything in the suite.
    static var realDaemon: Self { RealDaemon() }
}

/// Starts the daemon before a suite's first test and ends it after the last one.
struct RealDaemon: SuiteTrait, TestScoping {
    @TaskLocal fileprivate static var current: ContractDaemon?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await MusterFixture.withMuster { muster in
            let running = try await muster.serve([
                "MUSTER_PUBLIC_URL": ContractDaemon.publicURL, "MUSTER_SENDER_ADDRESS": ContractDaemon.senderAddress,
                "MUSTER_TRUSTED_PROXIES": "127.0.0.1",
            ])
            let daemon = ContractDaemon(muster: muster, port: try #require(running.port), secrets: Secrets())
            try await Self.$current.withValue(daemon) { try await function() }
            // Whatever was answered in all those calls, no secret of it may stand in the log (1.1: masked; here: absent).
            let log = running.text
            for secret in daemon.secrets.all where log.contains(secret) {
                Issue.record("the log holds a secret: \(secret.prefix(12))...")
            }
            let status = try await running.end(SIGTERM)
            #expect(status == 0, "the daemon ended with \(status)")
        }
    }
}

/// The daemon under test, and what the rows need beside HTTP.
struct ContractDaemon: Sendable {
    static let publicURL = "https://chat.harbour.example"
    static let senderAddress = "care@harbour.example"

    let muster: MusterFixture
    let port: Int
    let secrets: Secrets

    static var current: ContractDaemon {
        get throws { try #require(RealDaemon.current, "outside of a suite with a daemon") }
    }

    /// A new Platform App with its token, made as an operator makes one.
    func app() async throws -> ContractClient {
        let name = "App \(UInt64.random(in: 0...UInt64.max))"
        let issued = try await operate("app", "create", name)
        let token = try #require(issued["access_token"] as? String)
        return ContractClient(daemon: self, token: token, appID: try #require((issued["id"] as? NSNumber)?.int64Value))
    }

    /// A client without a token.
    var nobody: ContractClient { ContractClient(daemon: self, token: nil, appID: 0) }

    /// Runs a command of the program beside the daemon.
    @discardableResult
    func operate(_ words: String...) async throws -> [String: Any] {
        let answer = try await muster.muster(words + ["--json"])
        try #require(answer.code == 0, "\(words): \(answer.error)")
        return try #require(try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: Any])
    }

    /// Lets an app act on what it did not create, as a super admin does.
    func grant(_ rights: String, on kind: String, _ id: Int64, to app: ContractClient) async throws {
        try await operate("app", "grant", "\(app.appID)", kind, "\(id)", "--rights", rights)
    }

    /// Does to the database what no call can do, above all move the clock.
    func execute(_ sql: String) async throws {
        try await muster.withDatabase { _ = try await $0.execute("\(unescaped: sql)") }
    }

    /// One number that a statement gives.
    func count(_ sql: String) async throws -> Int {
        try await muster.withDatabase { Int(try await $0.query("\(unescaped: sql)")[0].decode(Int64.self, at: 0)) }
    }
}

/// Every secret that an answer held.
final class Secrets: Sendable {
    private let found = Mutex<Set<String>>([])

    var all: Set<String> { found.withLock { $0 } }

    func note(_ answer: ContractClient.Answer) {
        let keys = /"(?:access_token|pubsub_token|secret)":"([^"]+)"|sso_auth_token=([0-9a-f]{64})/
        var secrets = answer.body.matches(of: keys).compactMap { ($0.1 ?? $0.2).map(String.init) }
        secrets += ["access-token", "authorization"].compactMap { answer.headers[$0] }.filter { $0.utf8.count > 20 }
        found.withLock { $0.formUnion(secrets) }
    }

    func note(_ secret: String) { found.withLock { _ = $0.insert(secret) } }
}
