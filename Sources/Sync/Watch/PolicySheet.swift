// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOPosix
package import Policy

/// A policy with its file, for whoever looks at one.
package struct PolicySheet: Sendable {
    package let card: PolicyCard
    /// In its last sound version; nil where it never had one.
    package let policy: Policy?
    /// The file's lines as they are now; nil when it cannot be read as text.
    package let lines: [String]?
    /// Whether the file has more lines than are here.
    package let isCut: Bool

    /// So many bytes of a file are read; policies have some hundred lines.
    static let readLimit = 512 << 10
}

extension PolicyShelf {
    /// A policy by its name, or by that of its file where nobody knows another; nil when there is none. Looks at the files off the
    /// cooperative pool.
    package func sheet(_ name: String) async throws -> PolicySheet? {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            let (cards, policies) = look()
            guard
                let card = cards.first(where: { $0.name == name })
                    ?? cards.first(where: { $0.name == nil && $0.fileName == name })
            else { return nil }
            let text = FileManager.default.contents(atPath: card.file)
            let read = text.flatMap { Self.lines($0.prefix(PolicySheet.readLimit)) }
            return PolicySheet(
                card: card, policy: policies.first { $0.name == card.name }, lines: read,
                isCut: (text?.count ?? 0) > PolicySheet.readLimit)
        }
    }

    /// Where the rules of these policies stand in their files.
    package func places(of names: Set<String>) async throws -> [String: RulePlaces] {
        guard !names.isEmpty else { return [:] }
        return try await NIOThreadPool.singleton.runIfActive { [self] in
            refreshed().policies.filter { names.contains($0.name) }.reduce(into: [:]) { $0[$1.name] = RulePlaces($1) }
        }
    }

    /// A character that was cut in two, or is none, is shown as such.
    private static func lines(_ text: Data) -> [String]? {
        guard !text.contains(0) else { return nil }
        var lines = String(decoding: text, as: UTF8.self).split(separator: /\r\n|\n|\r/, omittingEmptySubsequences: false).map {
            String($0)
        }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

extension PolicyCard {
    /// The last part of the file's path.
    package var fileName: String { file.split(separator: "/").last.map(String.init) ?? file }
}
