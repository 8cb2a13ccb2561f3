// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import Subprocess
import SystemPackage
import Testing

/// An installation of the real program in a folder of its own; use ``withMuster(_:)``, which ends everything afterwards.
struct MusterFixture: Sendable {
    let folder: String

    var data: String { "\(folder)/data" }
    var policies: String { "\(folder)/policies" }
    var inbox: String { "\(policies)/inbox" }
    var log: String { "\(folder)/muster.log" }

    /// The folder of the products: beside the test bundle, or where `MUSTER_TEST_PRODUCTS` says, for a soak of a release build.
    static let products: String = {
        if let folder = ProcessInfo.processInfo.environment["MUSTER_TEST_PRODUCTS"] { return folder }
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(filePath: bundle).deletingLastPathComponent().path
        if FileManager.default.isExecutableFile(atPath: "\(beside)/muster") { return beside }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appending(path: ".build/debug").path
    }()

    static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "Policies/examples").path

    static let isSoak = ProcessInfo.processInfo.environment["MUSTER_SOAK"] != nil

    static func withMuster(_ body: (MusterFixture) async throws -> Void) async throws {
        let folder = "/tmp/muster-system-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        let fixture = MusterFixture(folder: folder)
        let result: Result<Void, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        if case .failure = result, let text = try? String(contentsOfFile: fixture.log, encoding: .utf8) {
            print(text.suffix(6_000))
        }
        await fixture.cleanUp()
        try result.get()
    }

    private func cleanUp() async {
        for pid in Processes.mentioning(folder) { kill(pid, SIGKILL) }
        for _ in 0..<200 where !Processes.mentioning(folder).isEmpty { try? await Task.sleep(for: .milliseconds(20)) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_POSTGRES_BIN"
        }
        environment["MUSTER_DATA_DIR"] = data
        environment["MUSTER_POLICIES"] = policies
        environment["MUSTER_LISTEN"] = "127.0.0.1:0"
        environment["NO_COLOR"] = "1"
        // Tests call from one address, as fast as they can.
        environment["MUSTER_ADDRESS_LIMIT"] = "off"
        environment["MUSTER_TOKEN_LIMIT"] = "off"
        return environment
    }

    // MARK: - Commands

    struct Answer {
        let code: Int32
        let out: String
        let error: String
    }

    /// Runs the program to its end.
    func muster(_ words: String..., environment changes: [String: String] = [:], input: String = "") async throws -> Answer {
        try await muster(words, environment: changes, input: input)
    }

    func muster(_ words: [String], environment changes: [String: String] = [:], input: String = "") async throws -> Answer {
        var variables: [Subprocess.Environment.Key: String] = [:]
        for (name, value) in environment.merging(changes, uniquingKeysWith: { _, new in new }) {
            variables[.init(stringLiteral: name)] = value
        }
        let result = try await Subprocess.run(
            .path(FilePath("\(Self.products)/muster")), arguments: Arguments(words), environment: .custom(variables),
            input: .string(input), output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
        let code: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            default: -1
            }
        return Answer(code: code, out: result.standardOutput, error: result.standardError)
    }

    /// An export of an invented directory.
    func generate(_ count: Int, to path: String) async throws {
        let result = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: [
                "-c",
                "\(Self.products)/muster-bench-generate --count \(count) --groups 20 >\(path).new && mv \(path).new \(path)",
            ],
            output: .discarded, error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    }

    // MARK: - The daemon

    /// Starts `muster serve` in a session of its own and waits until it is ready.
    func serve(_ changes: [String: String] = [:]) async throws -> RunningDaemon {
        try? FileManager.default.removeItem(atPath: log)
        let words = ["\(Self.products)/muster", "serve"]
        let pid = try Processes.spawn(words, environment: environment.merging(changes) { $1 }, log: log)
        let daemon = RunningDaemon(pid: pid, log: log)
        try await daemon.waitUntilReady()
        return daemon
    }

    /// A client of the embedded database.
    func withDatabase<T>(_ body: (PostgresClient) async throws -> T) async throws -> T {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let client = PostgresClient(
            configuration: PostgresConfiguration(host: "\(data)/run", user: "muster", database: "muster", pool: .init(limit: 2)),
            logger: logger)
        let result: Result<T, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }

    /// The process of the embedded PostgreSQL.
    var postmaster: pid_t? {
        (try? String(contentsOfFile: "\(data)/postgres/postmaster.pid", encoding: .utf8))?.split(separator: "\n").first.flatMap {
            pid_t($0)
        }
    }

    /// Waits up to a minute.
    static func eventually(_ what: String, limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("waited in vain until \(what)")
        throw CancellationError()
    }
}

/// A daemon that runs.
struct RunningDaemon: Sendable {
    let pid: pid_t
    let log: String

    var text: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// The port it listens on, once it does.
    var port: Int? {
        guard let range = text.range(of: "muster is listening address=") else { return nil }
        let address = text[range.upperBound...].prefix { !$0.isWhitespace }
        return address.split(separator: ":").last.flatMap { Int($0) }
    }

    func waitUntilReady() async throws {
        try await MusterFixture.eventually("the daemon is ready") {
            guard Processes.isAlive(pid) else { throw Ended(log: text) }
            return try await status("ready") == 200
        }
    }

    struct Ended: Error {
        let log: String
    }

    /// The status of a GET, 0 without an answer.
    func status(_ path: String) async throws -> Int {
        try await get(path, token: nil).status
    }

    func get(_ path: String, token: String?) async throws -> (status: Int, body: String) {
        guard let port else { return (0, "") }
        var words = ["-s", "-m", "5", "-w", "\n%{http_code}", "http://127.0.0.1:\(port)/\(path)"]
        if let token { words += ["-H", "api_access_token: \(token)"] }
        let result = try await Subprocess.run(
            .name("curl"), arguments: Arguments(words), output: .string(limit: 1 << 20), error: .discarded)
        let lines = result.standardOutput.split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.last.flatMap { Int($0) } ?? 0, lines.dropLast().joined(separator: "\n"))
    }

    /// Sends a signal and waits for the end.
    func end(_ signal: Int32) async throws -> Int32 {
        kill(pid, signal)
        var status: Int32 = 0
        try await MusterFixture.eventually("the daemon has ended") { waitpid(pid, &status, WNOHANG) == pid }
        return status
    }
}

/// Processes of the tests' own.
enum Processes {
    /// `POSIX_SPAWN_SETSID`, which the Glibc module does not have.
    private static let newSession: Int16 = 0x80

    static func spawn(_ words: [String], environment: [String: String], log: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, newSession)
        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, words[0], &actions, &attributes, arguments, variables)
        try #require(status == 0, "cannot start \(words[0])")
        return pid
    }

    /// Runs a program to its end.
    ///
    /// - Returns: the most memory that it had at a time, in KiB.
    static func peakMemory(_ words: [String], environment: [String: String], log: String) async throws -> Int {
        // On a machine that is busy the only look may come before the program is loaded, which tells nothing: then once more.
        for _ in 0..<5 {
            let peak = try await sampledPeakMemory(words, environment: environment, log: log)
            if peak > 16 << 10 { return peak }
        }
        return try #require(nil as Int?, "the memory of \(words[0]) was never seen")
    }

    private static func sampledPeakMemory(_ words: [String], environment: [String: String], log: String) async throws -> Int {
        let pid = try spawn(words, environment: environment, log: log)
        var peak = 0
        while isAlive(pid) {
            let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            // The kernel's own high-water mark: nothing between two looks is missed.
            if let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) {
                peak = Int(line.filter(\.isNumber)) ?? peak
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        try #require(status == 0, "\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
        return peak
    }

    static func isAlive(_ pid: pid_t) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }

    /// Processes whose command line or environment names the folder.
    static func mentioning(_ folder: String) -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(), isAlive(pid) else { return false }
            return ["cmdline", "environ"].contains { name in
                FileManager.default.contents(atPath: "/proc/\(pid)/\(name)").map {
                    String(decoding: $0, as: UTF8.self).contains(folder)
                } ?? false
            }
        }
    }
}
