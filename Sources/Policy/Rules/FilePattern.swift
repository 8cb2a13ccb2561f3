// SPDX-License-Identifier: Apache-2.0

/// Which files a policy reads: a folder and a pattern for names in it (`inbox/*.json`).
package struct FilePattern: Sendable, Hashable {
    /// As the policy has it.
    package let text: String
    /// The folder, absolute or relative to the policy's own; empty is the policy's own.
    package let folder: String
    /// The name, where `*` stands for any characters and `?` for one.
    package let name: String

    /// Why a text is no pattern.
    package enum Fault: Error, Sendable, Hashable {
        /// It ends in `/`.
        case noName
        /// A `..` would leave the policy's folder.
        case leavesFolder
        /// A wildcard stands in the name of a folder.
        case wildcardInFolder
    }

    /// Reads a pattern.
    package init(_ text: String) throws(Fault) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, !last.isEmpty, last != "." else { throw .noName }
        guard !parts.contains("..") else { throw .leavesFolder }
        let folders = parts.dropLast()
        guard !folders.contains(where: Wildcard.isIn) else { throw .wildcardInFolder }
        self.text = text
        let kept = folders.filter { !$0.isEmpty && $0 != "." }.joined(separator: "/")
        folder = text.hasPrefix("/") ? "/" + kept : kept
        name = String(last)
    }

    /// The folder, starting from the folder in which the policy lies.
    package func folder(relativeTo base: String) -> String {
        if folder.hasPrefix("/") { return folder }
        if folder.isEmpty { return base }
        return base.isEmpty ? folder : base.hasSuffix("/") ? base + folder : base + "/" + folder
    }

    /// Whether a file of the folder is meant; hidden files and manifests (`*.manifest.json`) never are by a wildcard.
    package func matches(fileName: String) -> Bool {
        guard Wildcard.isIn(name) else { return fileName == name }
        guard fileName.first != "." || name.first == "." else { return false }
        guard !fileName.hasSuffix(".manifest.json") else { return false }
        return Wildcard(name).matches(fileName)
    }
}
