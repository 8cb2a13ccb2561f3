// SPDX-License-Identifier: Apache-2.0

import NIOPosix
package import Policy
import Synchronization

/// A policy as an operator sees it: what it reads and for whom, and what is wrong with its file.
package struct PolicyCard: Sendable {
    /// A mistake, where it stands in the file.
    package struct Mistake: Sendable, Equatable {
        /// From 1.
        package let line: Int
        /// In characters, from 1.
        package let column: Int
        /// With what was probably meant, where that can be told.
        package let message: String
    }

    /// The newest file that the policy's patterns mean.
    package struct Export: Sendable, Equatable {
        package let path: String
        /// Microseconds since 1970.
        package let modified: Int64
        /// Bytes.
        package let size: Int64
    }

    /// nil where the file never was sound, so that nobody knows the name.
    package let name: String?
    package let file: String
    package let platformApp: String?
    package let source: String?
    /// What `read.files` says; empty where exports come by command only.
    package let patterns: [String]
    package let newest: Export?
    /// The mistakes in the file as it is now. The daemon goes on with the last sound version, where there was one.
    package let mistakes: [Mistake]
}

/// The policies of a folder, for those who look: read again only when a file of them changed.
package final class PolicyShelf: Sendable {
    private let folder: String
    private let book = Mutex(PolicyBook())

    /// - Parameter folder: of the policies, as the daemon watches it.
    package init(folder: String) {
        self.folder = folder
    }

    /// The policies by file. Looks at the files off the cooperative pool.
    package func cards() async throws -> [PolicyCard] {
        try await NIOThreadPool.singleton.runIfActive { [self] in look().cards }
    }

    /// The policy of that name in its last sound version; nil where there is none. Looks at the files off the cooperative pool.
    package func policy(named name: String) async throws -> Policy? {
        try await NIOThreadPool.singleton.runIfActive { [self] in refreshed().policies.first { $0.name == name } }
    }

    /// Blocks.
    func refreshed() -> (policies: [Policy], diagnostics: [PolicyDiagnostic]) {
        book.withLock { book in
            _ = book.refresh(folder: folder)
            return (book.policies, book.diagnostics)
        }
    }

    /// The policies as people see them, and the sound ones. Blocks.
    func look() -> (cards: [PolicyCard], policies: [Policy]) {
        let (policies, diagnostics) = refreshed()
        let mistakes = Dictionary(grouping: diagnostics, by: \.file)
        let sound = policies.map { PolicyCard($0, mistakes[$0.file] ?? []) }
        let unknown = mistakes.filter { file, _ in !policies.contains { $0.file == file } }.map { PolicyCard(broken: $0, $1) }
        return ((sound + unknown).sorted { $0.file < $1.file }, policies)
    }
}

extension PolicyCard {
    /// Blocks.
    fileprivate init(_ policy: Policy, _ mistakes: [PolicyDiagnostic]) {
        self.init(
            name: policy.name, file: policy.file, platformApp: policy.platformApp, source: policy.source,
            patterns: policy.read.files.map(\.text), newest: WatchedFile.newest(policy.exports()).map(Export.init),
            mistakes: mistakes.map(Mistake.init))
    }

    fileprivate init(broken file: String, _ mistakes: [PolicyDiagnostic]) {
        self.init(
            name: nil, file: file, platformApp: nil, source: nil, patterns: [], newest: nil, mistakes: mistakes.map(Mistake.init))
    }
}

extension PolicyCard.Mistake {
    fileprivate init(_ diagnostic: PolicyDiagnostic) {
        let hint = diagnostic.suggestion.map { "; did you mean “\($0)”?" } ?? ""
        self.init(line: diagnostic.line, column: diagnostic.column, message: diagnostic.message + hint)
    }
}

extension PolicyCard.Export {
    fileprivate init(_ file: WatchedFile) {
        self.init(path: file.path, modified: file.modified / 1_000, size: file.size)
    }
}
