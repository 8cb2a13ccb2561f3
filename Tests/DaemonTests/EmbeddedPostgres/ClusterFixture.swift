// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Logging
import Subprocess
import SystemPackage
import Testing

@testable import Daemon

/// A data folder with its own cluster, for one test: use ``withFolder(_:)``, which stops and removes everything afterwards.
struct ClusterFixture: Sendable, Codable {
    let folder: String

    var data: String { "\(folder)/data" }
    var relocated: String { "\(folder)/relocated" }
    var options: EmbeddedPostgres.Options { Self.options(folder: folder) }

    static func options(folder: String) -> EmbeddedPostgres.Options {
        var options = EmbeddedPostgres.Options()
        options.relocationRoot = "\(folder)/relocated"
        return options
    }

    static func make(data: String, folder: String) -> EmbeddedPostgres {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return EmbeddedPostgres(dataDirectory: data, logger: logger, options: options(folder: folder))
    }

    func make() -> EmbeddedPostgres { Self.make(data: data, folder: folder) }

    static func withFolder(_ body: (ClusterFixture) async throws -> Void) async throws {
        let folder = "/tmp/muster-embedded-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileSystem.makeFolder(folder, mode: 0o711, owner: nil)
        let fixture = ClusterFixture(folder: folder)
        let result: Result<Void, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        await fixture.cleanUp()
        try result.get()
    }

    /// Ends every server below the folder and removes it.
    private func cleanUp() async {
        for process in ProcessTable.all()
        where process.arguments.contains(where: { $0.hasPrefix(folder) }) && process.identity.id != getpid() {
            ProcessTable.signal(process.identity, SIGQUIT)
            for _ in 0..<200 where ProcessTable.isAlive(process.identity) {
                await pauseWithoutCancellation(20)
            }
        }
        try? FileSystem.removeTree(folder)
    }

    // MARK: - Looking at the cluster

    var layoutFile: PostmasterFile? {
        FileSystem.text(of: "\(data)/postgres/postmaster.pid").flatMap(PostmasterFile.init)
    }

    /// The process of the server that `postmaster.pid` names.
    func postmaster() throws -> ProcessIdentity {
        try #require(possiblePostmaster)
    }

    /// The same, nil while there is none.
    var possiblePostmaster: ProcessIdentity? {
        layoutFile.flatMap { ProcessTable.facts(of: $0.processID) }?.identity
    }

    /// Waits up to ten seconds.
    static func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if try await condition() { return true }
            await pauseWithoutCancellation(20)
        }
        return false
    }
}

/// Real programs, run as whoever the test likes.
enum Shell {
    static func run(_ words: [String]) async throws -> (succeeded: Bool, output: String) {
        let result = try await Subprocess.run(
            words[0].hasPrefix("/") ? .path(FilePath(words[0])) : .name(words[0]), arguments: Arguments(Array(words.dropFirst())),
            workingDirectory: "/", output: .string(limit: 1 << 16),
            error: .combinedWithOutput)
        return (result.terminationStatus.isSuccess, result.standardOutput)
    }

    /// The answer of a statement through psql, as this user or through a prefix such as setpriv.
    static func sql(_ url: String, _ statement: String, through prefix: [String] = []) async throws -> (
        succeeded: Bool, output: String
    ) {
        let psql = FileSystem.names(in: "/usr/lib/postgresql").map { "/usr/lib/postgresql/\($0)/bin/psql" }.first ?? "psql"
        let answer = try await run(prefix + [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        return (answer.succeeded, String(answer.output.reversed().drop { $0 == "\n" }.reversed()))
    }
}
