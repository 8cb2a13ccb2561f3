// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Exclusive use of a folder, held until the value goes or the process ends, however it ends.
final class FolderLock: Sendable {
    /// What holds a lock.
    enum Role: String, Sendable {
        case daemon, command
    }

    /// Who holds a lock already.
    struct Holder: Error, Sendable, Hashable {
        let processID: Int32?
        let role: Role?
    }

    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        // A child of ours between fork and exec has the descriptor too, and closing ours would leave the lock to it.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes the lock of a folder, or says who has it.
    static func take(in folder: String, as role: Role) throws(EmbeddedPostgresError) -> Result<FolderLock, Holder> {
        let path = "\(folder)/\(ClusterLayout.lockFile)"
        // Close on exec: a PostgreSQL that outlives a killed daemon must not keep the daemon's lock.
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open the lock", path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw .system("lock", path, number) }
            return .failure(holder(of: path))
        }
        let text = Array("\(getpid())\n\(role.rawValue)\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let number = errno
            close(descriptor)
            throw .system("write", path, number)
        }
        return .success(FolderLock(descriptor: descriptor))
    }

    /// Asks the kernel first: the text in the file may be that of an earlier holder.
    private static func holder(of path: String) -> Holder {
        let lines = (FileSystem.text(of: path) ?? "").split(separator: "\n")
        let written = lines.first.flatMap { Int32($0) }
        let role = lines.dropFirst().first.flatMap { Role(rawValue: String($0)) }
        let node = FileSystem.facts(of: path)?.identity.node
        let kernel = node.flatMap { lockHolder(locks: FileSystem.text(of: "/proc/locks") ?? "", node: $0) }
        guard let kernel, kernel > 0 else { return Holder(processID: written, role: role) }
        return Holder(processID: kernel, role: kernel == written ? role : nil)
    }

    /// The process that holds an flock on a file, by the text of `/proc/locks`.
    static func lockHolder(locks: String, node: UInt64) -> Int32? {
        for line in locks.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "FLOCK", fields[3] == "WRITE", fields[5].hasSuffix(":\(node)") else { continue }
            return Int32(fields[4])
        }
        return nil
    }
}

extension FolderLock.Holder {
    /// The refusal that a second user of the folder gets.
    func refusal(of folder: String) -> EmbeddedPostgresError {
        let who = processID.map { "process \($0)" } ?? "another process"
        return EmbeddedPostgresError(
            .folderInUse, "The data folder \(folder) is in use by \(who)\(role.map { " (muster \($0.rawValue))" } ?? "").",
            remedy: "Stop that process first, or choose another folder with --data or MUSTER_DATA_DIR.")
    }
}
