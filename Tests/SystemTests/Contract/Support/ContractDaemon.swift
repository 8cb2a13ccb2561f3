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
    /// An app that most tests share as the one that may not.
    @TaskLocal static var stranger: ContractClient?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await MusterFixture.withMuster { muster in
            let running = try await muster.serve([
                "MUSTER_PUBLIC_URL": ContractDaemon.publicURL, "MUSTER_SENDER_ADDRESS": ContractDaemon.senderAddress,
                "MUSTER_TRUSTED_PROXIES": "127.0.0.1",
            ])
            let daemon = ContractDaemon(muster: muster, port: try #require(running.port), secrets: Secrets())
            let stranger = try await daemon.app()
            try await Self.$current.withValue(daemon) {
                try await Self.$stranger.withValue(stranger) { try await function() }
            }
            #expect(Processes.isAlive(running.pid), "the daemon ended by itself: \(running.text.suffix(4_000))")
            // Whatever was answered in all those calls, no secret of it may stand in the log (1.1: masked; here: absent).
            let log = running.text
            #expect(log.contains("/platform/api/v1/accounts") && daemon.secrets.all.count > 20)
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

    /// One text that a statement gives.
    func text(_ sql: String) async throws -> String {
        try await muster.withDatabase { try await $0.query("\(unescaped: sql)")[0].decode(String.self, at: 0) }
    }

    /// The tables of the database that hold one of the texts, as text or as bytes.
    func tables(holding texts: [String]) async throws -> [String] {
        try await muster.withDatabase { database in
            let tables = try await database.query(
                "select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
            )
            var found: [String] = []
            for table in try tables.map({ try $0.decode(String.self, at: 0) }) {
                for text in texts {
                    let bytes = text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                    let count = try await database.query(
                        "select count(*) from \(unescaped: table) t where strpos(t::text, \(text)) > 0 or strpos(t::text, \(bytes)) > 0"
                    )
                    if try count[0].decode(Int64.self, at: 0) > 0 { found.append("\(table): \(text.prefix(12))") }
                }
            }
            return found
        }
    }

    /// Another daemon on the same database and key, with settings of its own; end it.
    func replica(_ settings: [String: String]) async throws -> Replica {
        let (data, log) = ("\(muster.folder)/replica", "\(muster.folder)/replica.log")
        let own = [
            "MUSTER_DATABASE_URL": "postgres:///muster?host=\(muster.data)/run&user=muster", "MUSTER_DATA_DIR": data,
            "MUSTER_SECRET_KEY_FILE": "\(muster.data)/master.key",
        ]
        let environment = muster.environment.merging(own) { $1 }.merging(settings) { $1 }
        let pid = try Processes.spawn(["\(MusterFixture.products)/muster", "serve"], environment: environment, log: log)
        let running = RunningDaemon(pid: pid, log: log)
        try await running.waitUntilReady()
        return Replica(
            running: running, daemon: ContractDaemon(muster: muster, port: try #require(running.port), secrets: secrets))
    }

    /// A daemon beside the one under test.
    struct Replica: Sendable {
        let running: RunningDaemon
        let daemon: ContractDaemon

        /// The call of an app, made here instead.
        func call(_ app: ContractClient, _ line: String) async throws -> ContractClient.Answer {
            try await ContractClient(daemon: daemon, token: app.token, appID: app.appID).call(line)
        }
    }
}

/// A listener that nobody is meant to visit.
final class Trap: Sendable {
    private let socket: Int32
    let port: Int

    init() throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(socket) }

    var wasVisited: Bool { accept(socket, nil, nil) >= 0 }
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
