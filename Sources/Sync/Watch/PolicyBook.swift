// SPDX-License-Identifier: Apache-2.0

import Glibc
import Intake
package import Policy

/// The policies of a folder as they stand, each in its last sound version.
package struct PolicyBook: Sendable {
    private var byFile: [String: Policy] = [:]
    /// The mistakes in the files as they are now.
    package private(set) var diagnostics: [PolicyDiagnostic] = []
    private var stamps: Set<WatchedFile>?

    package init() {}

    /// The policies by file.
    package var policies: [Policy] { byFile.sorted { $0.key < $1.key }.map(\.value) }

    /// Reads the folder's policies when a file of them changed, or anyway when `force` is set. Blocks.
    ///
    /// A policy with mistakes keeps its last sound version; one whose file is gone is gone.
    ///
    /// - Returns: whether anything was read.
    package mutating func refresh(folder: String, force: Bool = false) -> Bool {
        let names = WatchedFile.names(in: folder).filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }
        let found = Set(names.compactMap { WatchedFile(lookingAt: folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)") })
        guard force || found != stamps else { return false }
        stamps = found
        take(Policy.load(files: found.map(\.path).sorted()), files: Set(found.map(\.path)))
        return true
    }

    /// Replaces what is sound, keeps what is broken, forgets what is gone.
    mutating func take(_ load: PolicyLoad, files: Set<String>) {
        diagnostics = load.diagnostics
        let fresh = Dictionary(uniqueKeysWithValues: load.policies.map { ($0.file, $0) })
        let names = Set(load.policies.map(\.name))
        byFile = byFile.filter { files.contains($0.key) && fresh[$0.key] == nil && !names.contains($0.value.name) }
        byFile.merge(fresh) { _, new in new }
    }
}

extension Policy {
    /// The exports that the policy's patterns mean now, files and folders, newest last. Blocks.
    package func exports() -> [WatchedFile] { files(of: read.files) }

    /// The changes that came behind an export, in the order in which they are to be taken: by the time when they were written,
    /// then by name, numbers in it by their value. Blocks.
    package func changes(since export: WatchedFile?) -> [WatchedFile] {
        let found = files(of: read.changes).filter { $0.modified >= export?.modified ?? .min && $0.path != export?.path }
        let places = Dictionary(
            uniqueKeysWithValues: ExportReader.ordered(found.map(\.path)).enumerated().map { ($1, $0) })
        return found.sorted { ($0.modified, places[$0.path] ?? 0) < ($1.modified, places[$1.path] ?? 0) }
    }

    /// What a file means to the policy: changes where the patterns of `changes` mean it and those of `files` do not.
    package func input(_ path: String) -> RunInput {
        func isMeant(_ patterns: [FilePattern]) -> Bool {
            let (folder, name) = Self.parts(of: path)
            return patterns.contains { pattern in
                let meant = pattern.folder(relativeTo: self.folder)
                return pattern.matches(fileName: name)
                    && Self.resolved(meant.isEmpty ? "." : meant) == Self.resolved(folder.isEmpty ? "." : folder)
            }
        }
        return isMeant(read.changes) && !isMeant(read.files) ? .changes(path) : .export(path)
    }

    private static func parts(of path: String) -> (folder: String, name: String) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// The one path of a folder; itself where it is not there.
    private static func resolved(_ folder: String) -> String {
        guard let path = realpath(folder, nil) else { return folder }
        defer { free(path) }
        return String(cString: path)
    }

    /// A pattern whose name is nothing but wildcards means files only: beside an inbox's exports lie folders that are none.
    private func files(of patterns: [FilePattern]) -> [WatchedFile] {
        var found: Set<WatchedFile> = []
        for pattern in patterns {
            let folder = pattern.folder(relativeTo: folder)
            for name in WatchedFile.names(in: folder.isEmpty ? "." : folder) where pattern.matches(fileName: name) {
                let path = folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
                guard let file = WatchedFile(export: path) else { continue }
                if !file.isFolder || !pattern.name.allSatisfy({ $0 == "*" || $0 == "?" }) { found.insert(file) }
            }
        }
        return found.sorted { ($0.modified, $0.path) < ($1.modified, $1.path) }
    }
}
