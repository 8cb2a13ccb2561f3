// SPDX-License-Identifier: Apache-2.0
import Glibc
import Subprocess
import SystemPackage

/// Runs PostgreSQL's programs as the cluster's user, each in a session of its own, without blocking a thread.
struct ProgramRunner: Sendable {
    struct Outcome: Sendable {
        let succeeded: Bool
        /// Both output streams, in English.
        let output: String
    }

    let user: OSUser

    /// Runs a program to its end.
    func run(_ program: String, _ arguments: [String], input: String = "") async throws -> Outcome {
        var options = PlatformOptions()
        // Ctrl-C on the terminal reaches the daemon only, which then stops PostgreSQL in good order.
        options.createSession = true
        let words = try Self.command(program, arguments, as: user)
        do {
            let result = try await Subprocess.run(
                .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
                environment: .custom(Self.environment(for: user)),
                workingDirectory: "/", platformOptions: options, input: .string(input), output: .string(limit: 1 << 20),
                error: .combinedWithOutput)
            return Outcome(succeeded: result.terminationStatus.isSuccess, output: result.standardOutput)
        } catch let error as SubprocessError {
            throw EmbeddedPostgresError(
                .programsMissing, "Cannot run \(program) as \(user.name): \(error).",
                remedy: "Check that this user may run it, or install PostgreSQL again with apt-get install postgresql.")
        }
    }

    /// Runs a program to its end even when the task is cancelled meanwhile: a server must not come up behind the back of a daemon
    /// that believes it was never started.
    func runDespiteCancellation(_ program: String, _ arguments: [String]) async throws -> Outcome {
        try await Task { try await run(program, arguments) }.value
    }

    /// As root, the program through `setpriv`.
    ///
    /// Subprocess could change the user itself, but only in a forked copy of this process, where glibc's `setuid` may wait for ever
    /// for a lock that another thread held at the fork.
    private static func command(_ program: String, _ arguments: [String], as user: OSUser) throws -> [String] {
        guard geteuid() == 0, user.id != 0 else { return [program] + arguments }
        let places: [String] = ["/usr/bin/setpriv", "/bin/setpriv"]
        guard let setpriv = places.first(where: { (place: String) in access(place, X_OK) == 0 }) else {
            throw EmbeddedPostgresError(
                .programsMissing, "Root cannot run PostgreSQL as \(user.name) without the program setpriv.",
                remedy: "Run apt-get install util-linux.")
        }
        return [setpriv, "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--", program] + arguments
    }

    /// Nothing of the daemon's environment: its secrets and PG variables are not for the server, and messages must be English.
    private static func environment(for user: OSUser) -> [Environment.Key: String] {
        ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "USER": user.name, "LOGNAME": user.name]
    }
}
