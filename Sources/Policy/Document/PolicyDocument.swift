// SPDX-License-Identifier: Apache-2.0

import Yams

/// A policy's text as YAML nodes, which know their line and column.
struct PolicyDocument {
    /// Longer texts are no policies; the limit keeps a stray export from being read as one.
    static let maximumBytes = 1 << 20

    let root: Node
    let lines: [Substring]

    /// Reads one YAML document; throws what is wrong with it as YAML.
    init(yaml: String, file: String) throws(PolicyDiagnostics) {
        func refuse(_ code: PolicyDiagnostic.Code, _ line: Int, _ column: Int, _ message: String) -> PolicyDiagnostics {
            PolicyDiagnostics([PolicyDiagnostic(code, file: file, line: line, column: column, message: message)])
        }
        guard yaml.utf8.count <= Self.maximumBytes else {
            throw refuse(.unreadable, 1, 1, "the policy is larger than 1 MiB")
        }
        let node: Node?
        do {
            node = try Parser(yaml: yaml, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            let (line, column, message) = Self.explain(error, yaml: yaml)
            throw refuse(message.hasPrefix("the key ") ? .duplicate : .syntax, line, column, message)
        } catch {
            throw refuse(.syntax, 1, 1, "the policy cannot be read: \(error)")
        }
        guard let node else { throw refuse(.missingKey, 1, 1, "the policy is empty") }
        root = node
        lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    /// Line, column and a sentence for what the YAML parser found.
    private static func explain(_ error: YamlError, yaml: String) -> (Int, Int, String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let about = context.map { " (\($0.text) at line \($0.mark.line))" } ?? ""
            return (max(1, mark.line), max(1, mark.column), "this is no YAML: \(problem)\(about)")
        case .composer(_, let problem, let mark, _):
            if problem.contains("another document") {
                return (mark.line, mark.column, "a file holds one policy; put the next document into a file of its own")
            }
            return (mark.line, mark.column, "this is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            return (max(1, context.mark.line), max(1, context.mark.column), "the key \(names) is given more than once here")
        case .reader(let problem, let offset, _, _):
            let (line, column) = position(ofCharacter: offset ?? 0, in: yaml)
            return (line, column, "this is no YAML: \(problem)")
        default:
            return (1, 1, "this is no YAML: \(error)")
        }
    }

    private static func position(ofCharacter offset: Int, in yaml: String) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for character in yaml.prefix(offset) {
            if character.isNewline {
                line += 1
                column = 1
            } else {
                column += character.unicodeScalars.count
            }
        }
        return (line, column)
    }

    /// Where the byte `offset` of a scalar's value stands in the document.
    ///
    /// Exact for values written on one line without escapes; the start of the value otherwise.
    func position(of offset: Int, in scalar: Node.Scalar) -> (line: Int, column: Int) {
        guard let mark = scalar.mark else { return (1, 1) }
        let start = (line: max(1, mark.line), column: max(1, mark.column))
        guard offset >= 0, lines.indices.contains(start.line - 1) else { return start }
        let rest = Array(lines[start.line - 1].unicodeScalars.dropFirst(start.column - 1))
        let value = Array(scalar.string.unicodeScalars)
        guard !value.isEmpty, rest.count >= value.count else { return start }
        // An anchor, a tag or a quote may stand before the value.
        for skip in 0...(rest.count - value.count) where rest[skip..<(skip + value.count)].elementsEqual(value) {
            let before = scalar.string.utf8.prefix(offset)
            return (start.line, start.column + skip + String(Substring(before)).unicodeScalars.count)
        }
        return start
    }
}
