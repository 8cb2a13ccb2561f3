// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What reading a folder of policies gave: the sound ones, and the mistakes of the others.
package struct PolicyLoad: Sendable {
    /// The policies without mistakes, by file name.
    package var policies: [Policy] = []
    /// The mistakes, by file, line and column.
    package var diagnostics: [PolicyDiagnostic] = []

    /// The policies, if every one of them is sound.
    package func get() throws(PolicyDiagnostics) -> [Policy] {
        guard diagnostics.isEmpty else { throw PolicyDiagnostics(diagnostics) }
        return policies
    }
}

extension Policy {
    /// Reads the policies of a folder: its `*.yaml` and `*.yml` files, without sub-folders and hidden files.
    ///
    /// Two policies of the same name are a mistake of the second one. Reads files: not for a cooperative thread.
    package static func load(folder: String) -> PolicyLoad {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            return PolicyLoad(diagnostics: [unreadable(folder, "the folder cannot be read")])
        }
        let chosen = names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }
        let separator = folder.hasSuffix("/") ? "" : "/"
        return load(files: chosen.sorted(by: ByteOrder.isLess).map { folder + separator + $0 })
    }

    /// Reads one policy. Reads a file: not for a cooperative thread.
    package static func load(file: String) throws(PolicyDiagnostics) -> Policy {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw PolicyDiagnostics([unreadable(file, "the file cannot be read")])
        }
        guard let yaml = String(validating: data, as: UTF8.self) else {
            let (line, column) = firstInvalid(in: [UInt8](data))
            throw PolicyDiagnostics([
                PolicyDiagnostic(.unreadable, file: file, line: line, column: column, message: "the file is no UTF-8 text")
            ])
        }
        return try Policy(yaml: yaml, file: file)
    }

    /// Reads several policies, which must have different names.
    package static func load(files: [String]) -> PolicyLoad {
        var load = PolicyLoad()
        for file in files {
            do throws(PolicyDiagnostics) {
                let policy = try Self.load(file: file)
                if let other = load.policies.first(where: { $0.name == policy.name }) {
                    let message = "the policy \"\(policy.name)\" is defined already in \(other.file)"
                    let position = policy.namePosition
                    load.diagnostics.append(
                        PolicyDiagnostic(
                            .duplicate, file: file, line: position.line, column: position.column, message: message))
                } else {
                    load.policies.append(policy)
                }
            } catch {
                load.diagnostics += error.all
            }
        }
        return load
    }

    /// The folder of the policy's file, from which its patterns start; empty is the working folder.
    package var folder: String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    private static func unreadable(_ file: String, _ message: String) -> PolicyDiagnostic {
        PolicyDiagnostic(.unreadable, file: file, line: 1, column: 1, message: message)
    }

    /// Where the text stops being UTF-8.
    private static func firstInvalid(in bytes: [UInt8]) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return (line, column)
    }
}
