// SPDX-License-Identifier: Apache-2.0

/// What a run reads.
package enum RunInput: Sendable, Hashable {
    /// A full export: a file, or a folder of files.
    case export(String)
    /// A file, or a folder of files, that tells what changed since the kept read.
    case changes(String)
    /// The kept read as it is.
    case kept

    /// The file; nil for what is kept.
    package var file: String? {
        switch self {
        case .export(let file), .changes(let file): file
        case .kept: nil
        }
    }

    /// The value of `runs.input`.
    var name: String {
        switch self {
        case .export: "export"
        case .changes: "changes"
        case .kept: "kept"
        }
    }
}

extension RunInput {
    /// How a sentence names it.
    var words: String { file ?? "the kept read" }
}
