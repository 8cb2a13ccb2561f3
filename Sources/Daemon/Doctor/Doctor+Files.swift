// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import NIOPosix
import Policy
import Postgres
import Secrets

extension Doctor {
    /// Runs what blocks where it may.
    static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// What the file system tells.
    func examineFiles() async -> [Finding] {
        await guarded("files") {
            try await Self.blocking {
                var findings = [dataFolder(), masterKey()]
                if FileSystem.facts(of: configuration.dataDirectory, following: true) != nil {
                    findings += [fileClock(), space(configuration.dataDirectory)]
                }
                return findings + policies()
            }
        }
    }

    private func dataFolder() -> Finding {
        let path = configuration.dataDirectory
        guard let facts = FileSystem.facts(of: path, following: true), facts.isFolder else {
            return .warning(
                "data_folder", "there is no folder \(path) yet", "start the daemon, which makes it, or name another with --data")
        }
        guard facts.owner == geteuid() || geteuid() == 0 else {
            return .failure("data_folder", "\(path) belongs to user \(facts.owner)", "run muster as that user, or chown it")
        }
        guard facts.mode & 0o022 == 0 else {
            return .failure(
                "data_folder", "others may write in \(path) (mode \(String(facts.mode, radix: 8)))", "chmod go-w \(path)")
        }
        return .ok("data_folder", "\(path) is its owner's alone to write")
    }

    private func masterKey() -> Finding {
        let file = configuration.secretKeyFile
        let error: MasterKeyError
        do throws(MasterKeyError) {
            _ = try MasterKey.load(path: file)
            guard let facts = FileSystem.facts(of: file, following: true), facts.owner == geteuid() || geteuid() == 0 else {
                return .failure("master_key", "\(file) belongs to another user", "chown it to the user that muster runs as")
            }
            guard facts.mode == 0o600 || facts.mode == 0o400 else {
                return .warning("master_key", "\(file) has mode \(String(facts.mode, radix: 8))", "chmod 600 \(file)")
            }
            return .ok("master_key", "\(file) is readable by its owner only")
        } catch let caught { error = caught }
        // Where the database knows a key, its own finding is a failure.
        if case .missing = error {
            return .warning("master_key", "\(error)", "put the copy of the key there; in a new installation the daemon makes one")
        }
        let remedy =
            switch error {
            case .exposed: "chmod 600 \(file)"
            case .malformed, .notAFile: "put the copy of the key there"
            case .missing, .exists, .system: "let the user that muster runs as read it"
            }
        return .failure("master_key", "\(error)", remedy)
    }

    private func space(_ path: String) -> Finding {
        guard let free = FileSystem.freeSpace(at: path) else {
            return .warning("disk_space", "\(path) does not tell its free space", "check its mount")
        }
        let megabytes = free >> 20
        if megabytes < 100 {
            return .failure("disk_space", "\(megabytes) MiB are free at \(path)", "free some space: the database stops without")
        }
        return megabytes < 1_024
            ? .warning("disk_space", "\(megabytes) MiB are free at \(path)", "free some space before it runs out")
            : .ok("disk_space", "\(megabytes >> 10) GiB are free at \(path)")
    }

    private func policies() -> [Finding] {
        let folder = configuration.policies
        guard access(folder, R_OK | X_OK) == 0 else {
            return [
                .warning(
                    "policies", "the folder \(folder) of the policies cannot be read", "make it, or name another with --policies")
            ]
        }
        let load = Policy.load(folder: folder)
        var findings = load.diagnostics.map {
            Finding.failure("policies", "\($0)", "mend it; muster policy check shows every mistake")
        }
        for policy in load.policies {
            for pattern in policy.read.files {
                let place = pattern.folder(relativeTo: policy.folder)
                guard access(place.isEmpty ? "." : place, R_OK | X_OK) != 0 else { continue }
                findings.append(
                    .failure(
                        "policies", "the policy \(policy.name) reads \(pattern.text), whose folder \(place) cannot be read",
                        "make the folder, or let the user that muster runs as read it"))
            }
        }
        if findings.isEmpty {
            findings.append(.ok("policies", "\(load.policies.count) policies are sound, and their folders are there"))
        }
        return findings
    }

    /// Whether the app that each policy names exists and may act.
    func policyOwners(_ postgres: PostgresClient) async throws -> [Finding] {
        let folder = configuration.policies
        let policies = try await Self.blocking { Policy.load(folder: folder).policies }
        let rows = try await postgres.query("select name, disabled_at is not null as disabled from platform_apps")
        var apps: [String: Bool] = [:]
        for row in rows { apps[try row.decode(String.self, "name")] = try row.decode(Bool.self, "disabled") }
        return policies.compactMap { policy in
            switch apps[policy.platformApp] {
            case nil:
                .failure(
                    "policy_owners",
                    "the policy \(policy.name) names the Platform App \"\(policy.platformApp)\", which does not exist",
                    "make it: muster app create \"\(policy.platformApp)\"")
            case true?:
                .failure(
                    "policy_owners", "the Platform App \"\(policy.platformApp)\" of the policy \(policy.name) is disabled",
                    "enable it in the console, or name another in the policy")
            case false?: nil
            }
        }
    }
}
