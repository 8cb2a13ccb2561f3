// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import PostgresTestSupport
import Testing

/// A server whose disk can be filled and freed again, in the way that this machine allows.
struct SmallDisk: Sendable {
    enum Way: String, Sendable, CaseIterable {
        /// The tables lie on a file system in memory, which is full: only root may mount one.
        case mounted
        /// No process of the server may write beyond the first megabyte of a file: needs no rights where the server runs as we do.
        case limited
    }

    static let size = 64 << 20
    private static let limit = "1048576"

    let way: Way
    let server: TestServer

    /// The ways that work here; empty where neither does.
    static let ways: [Way] = Way.allCases.filter { $0 == .limited ? mayLimit : mayMount }

    private static let mayMount: Bool = {
        guard getuid() == 0,
            let folder = try? FileManager.default.url(
                for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(filePath: "/tmp"), create: true)
        else { return false }
        defer { try? FileManager.default.removeItem(at: folder) }
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=65536") == 0 else { return false }
        return umount(folder.path) == 0
    }()

    /// Root may limit another user's processes only with a capability that containers do not have.
    private static let mayLimit: Bool = {
        guard getuid() == 0 else { return true }
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let bits = line.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) } ?? 0
        return bits & (1 << 24) != 0
    }()

    /// The folder for the tables.
    private var folder: String { "\(server.folder)/small" }
    private var ballast: String { "\(folder)/ballast" }

    /// Statements that make new tables lie there; each by itself.
    var statements: [String] {
        guard way == .mounted else { return [] }
        return [
            "create tablespace small location '\(folder)/tables'", "alter database postgres set default_tablespace = 'small'",
        ]
    }

    static func with(_ way: Way, _ body: (SmallDisk) async throws -> Void) async throws {
        // With segments of a megabyte the log of the server is within the limit.
        let server = try TestServer(.init(settings: way == .limited ? ["max_wal_size = 64MB"] : [], initdb: "--wal-segsize=1"))
        let disk = SmallDisk(way: way, server: server)
        if way == .mounted {
            try FileManager.default.createDirectory(atPath: "\(disk.folder)/tables", withIntermediateDirectories: true)
            try #require(mount("tmpfs", disk.folder, "tmpfs", 0, "size=\(size)") == 0)
            try FileManager.default.createDirectory(atPath: "\(disk.folder)/tables", withIntermediateDirectories: true)
            let user = try #require(getpwnam("postgres"))
            chown("\(disk.folder)/tables", user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(disk)) } catch { result = .failure(error) }
        server.stop(keepingData: true)
        if way == .mounted { umount2(disk.folder, Int32(MNT_DETACH)) }
        try? FileManager.default.removeItem(atPath: server.folder)
        try result.get()
    }

    /// From now on nothing more can be written.
    func fill() throws {
        switch way {
        case .mounted:
            let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            let piece = [UInt8](repeating: 0, count: 4_096)
            while write(descriptor, piece, piece.count) > 0 {}
            try #require(errno == ENOSPC)
        case .limited: try limit(Self.limit)
        }
    }

    /// Somebody makes room.
    func free() throws {
        switch way {
        case .mounted: unlink(ballast)
        case .limited: try limit("unlimited")
        }
    }

    /// Limits the postmaster, whose children have what it has, and those that it has already.
    private func limit(_ bytes: String) throws {
        for process in processes() {
            // The soft limit only, which may be raised again. Whoever has ended needs none.
            let pipe = popen("prlimit --pid \(process) --fsize=\(bytes): 2>&1", "r")
            let status = pclose(pipe)
            try #require(status == 0 || kill(process, 0) != 0, "cannot limit a process of the server")
        }
    }

    private func processes() -> [pid_t] {
        guard let text = try? String(contentsOfFile: "\(server.folder)/data/postmaster.pid", encoding: .utf8),
            let postmaster = text.split(separator: "\n").first.flatMap({ pid_t($0) })
        else { return [] }
        let children = (try? String(contentsOfFile: "/proc/\(postmaster)/task/\(postmaster)/children", encoding: .utf8)) ?? ""
        return [postmaster] + children.split(separator: " ").compactMap { pid_t($0) }
    }
}
