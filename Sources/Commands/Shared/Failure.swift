// SPDX-License-Identifier: Apache-2.0
import Daemon
import Directory
import Policy
import Postgres
import Secrets
import Sync
import WebSurface

/// An error as a person and a script get to see it: one clear sentence, a stable code, an exit code.
struct Failure: Error {
    let code: String
    let message: String
    let status: ExitStatus

    init(code: String, _ message: String, status: ExitStatus = .failed) {
        self.code = code
        self.message = message
        self.status = status
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ConfigurationError: self.init(code: error.code.rawValue, error.message, status: .usage)
        case let error as SyncError:
            self.init(code: error.code.rawValue, error.message, status: error.code == .held ? .held : .failed)
        case let error as PolicyDiagnostics: self.init(code: error.code, "the policy has mistakes:\n\(error)")
        case let error as DirectoryError: self.init(code: error.code, Self.sentence(error))
        case let error as EmbeddedPostgresError: self.init(code: error.code, "\(error.message) \(error.remedy)")
        case let error as InstalledError: self.init(code: error.code, "\(error)")
        case let error as BackupError: self.init(code: error.code, error.message)
        case let error as DataKeyError: self.init(code: error.code, "\(error)")
        case let error as InstallationError: self.init(code: error.code, "\(error)")
        case let error as MasterKeyError: self.init(code: error.code, Self.sentence(error))
        case let error as MigrationError: self.init(code: error.code, "\(error)")
        case let error as PostgresError: self.init(code: error.code, Self.sentence(error))
        default: self.init(code: "internal", "\(error)")
        }
    }

    var json: String {
        Console.jsonText { writer in
            writer.object {
                $0.object("error") {
                    $0.field("code", code)
                    $0.field("message", message)
                }
            }
        }
    }

    private static func sentence(_ error: DirectoryError) -> String {
        switch error {
        case .invalid(let problems): problems.map(\.message).joined(separator: ", ")
        case .notFound: "there is no such object; `muster app list`, `user list`, `account list` and so on show what there is"
        case .unavailable: "the database cannot be reached; is it running?"
        default: "the directory refused: \(error.code)"
        }
    }

    private static func sentence(_ error: MasterKeyError) -> String {
        guard case .missing = error else { return "\(error)" }
        return "\(error), but the database has one already: put the file back, or point MUSTER_SECRET_KEY_FILE at it"
    }

    private static func sentence(_ error: PostgresError) -> String {
        error.isAway
            ? "the database cannot be reached; is it running, and is its address right? (\(error))"
            : "the database refused: \(error)"
    }
}
