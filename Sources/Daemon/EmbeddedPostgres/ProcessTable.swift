// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One process, told from a later one that got the same number by when it started.
struct ProcessIdentity: Sendable, Hashable {
    let id: Int32
    /// Clock ticks after boot, so changes of the wall clock do not matter.
    let startTicks: UInt64
}

/// What `/proc` says about a process.
struct ProcessFacts: Sendable, Hashable {
    let identity: ProcessIdentity
    let hasEnded: Bool
    let owner: UInt32
    let arguments: [String]
    /// Nil when this process may not look, as in a container without `CAP_SYS_PTRACE`.
    let workingFolder: FileFacts.Identity?

    /// Reads the line of `/proc/<pid>/stat`: the name in it may hold blanks and brackets.
    static func parse(stat line: String) -> (identity: ProcessIdentity, hasEnded: Bool)? {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close,
            let id = Int32(line[..<open].split(separator: " ").first ?? "")
        else { return nil }
        let fields = line[line.index(after: close)...].split(separator: " ")
        guard fields.count >= 20, let ticks = UInt64(fields[19]) else { return nil }
        return (ProcessIdentity(id: id, startTicks: ticks), fields[0] == "Z" || fields[0] == "X")
    }

    /// Whether this is a server, or single-user backend, of the cluster; its children are not.
    ///
    /// A server works in its cluster's folder. Where that cannot be seen, its arguments name the folder.
    func isServer(of cluster: FileFacts, path: String) -> Bool {
        guard !hasEnded, owner == cluster.owner, let program = arguments.first,
            program.split(separator: "/").last == "postgres", !program.hasPrefix("postgres:")
        else { return false }
        if let workingFolder {
            return workingFolder == cluster.identity
        }
        return zip(arguments, arguments.dropFirst()).contains { $0 == "-D" && $1 == path }
    }

    /// Whether this is a child of a server of the cluster.
    func isChildOfServer(of cluster: FileFacts) -> Bool {
        !hasEnded && owner == cluster.owner && workingFolder == cluster.identity
            && arguments.first.map { $0.hasPrefix("postgres: ") } == true
    }
}

/// Looks at processes. The kernel answers from memory, so none of this waits for a disk.
enum ProcessTable {
    static func facts(of id: Int32) -> ProcessFacts? {
        guard let line = FileSystem.text(of: "/proc/\(id)/stat"), let parsed = ProcessFacts.parse(stat: line),
            let owner = FileSystem.facts(of: "/proc/\(id)")?.owner
        else { return nil }
        let arguments = (FileSystem.text(of: "/proc/\(id)/cmdline") ?? "").split(separator: "\0").map(String.init)
        return ProcessFacts(
            identity: parsed.identity, hasEnded: parsed.hasEnded, owner: owner, arguments: arguments,
            workingFolder: FileSystem.facts(of: "/proc/\(id)/cwd", following: true)?.identity)
    }

    static func isAlive(_ process: ProcessIdentity) -> Bool {
        guard let facts = facts(of: process.id) else { return false }
        return facts.identity == process && !facts.hasEnded
    }

    static func all() -> [ProcessFacts] {
        FileSystem.names(in: "/proc").compactMap { Int32($0) }.compactMap { facts(of: $0) }
    }

    static func evidence(for file: PostmasterFile, cluster: FileFacts, path: String) -> PostmasterEvidence {
        guard let facts = facts(of: file.processID) else { return .absent }
        guard !facts.hasEnded else { return .ended }
        return facts.isServer(of: cluster, path: path) ? .server : .stranger
    }

    /// Signals a process, unless it has ended and its number belongs to another.
    static func signal(_ process: ProcessIdentity, _ number: Int32) {
        if isAlive(process) {
            kill(process.id, number)
        }
    }
}
