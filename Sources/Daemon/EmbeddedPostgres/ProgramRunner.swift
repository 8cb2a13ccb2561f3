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
        if geteuid() == 0, user.id != 0 {
            options.userID = user.id
            options.groupID = user.group
            options.supplementaryGroups = [user.group]
        }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)), arguments: Arguments(arguments), environment: .custom(Self.environment(for: user)),
                workingDirectory: "/", platformOptions: options, input: .string(input), output: .string(limit: 1 << 20),
                error: .combinedWithOutput)
            return Outcome(succeeded: result.terminationStatus.isSuccess, output: result.standardOutput)
        } catch let error as SubprocessError {
            throw EmbeddedPostgresError(
                .programsMissing, "Cannot run \(program) as \(user.name): \(error).",
                remedy: "Check that this user may run it, or install PostgreSQL again with apt-get install postgresql.")
        }
    }

    /// Nothing of the daemon's environment: its secrets and PG variables are not for the server, and messages must be English.
    private static func environment(for user: OSUser) -> [Environment.Key: String] {
        ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "USER": user.name, "LOGNAME": user.name]
    }
}
