// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Somebody at the shell of a machine with a database that is there already: a command takes a tenth of a second.
struct CommandDesk: Sendable {
    let replicas: ReplicaFixture

    static func with(_ body: (CommandDesk) async throws -> Void) async throws {
        try await ReplicaFixture.withReplicas { try await body(CommandDesk(replicas: $0)) }
    }

    /// Runs a command, and expects it to end with a code.
    ///
    /// - Returns: what it said: to standard output, or to standard error where it fails.
    @discardableResult
    func run(
        _ line: String, _ more: String..., code: Int32 = 0, input: String = "", at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let words = line.split(separator: " ").map(String.init) + more
        let answer = try await muster(words, input: input)
        #expect(answer.code == code, "\(words): \(answer.out)\(answer.error)", sourceLocation: location)
        return code == 0 ? answer.out : answer.error
    }

    /// Runs a command with `--json` and expects an object with exactly these keys.
    @discardableResult
    func object(
        _ line: String, _ more: String..., keys: String, input: String = "", at location: SourceLocation = #_sourceLocation
    ) async throws -> [String: Any] {
        let words = (line.split(separator: " ").map(String.init) + more).joined(separator: "\u{1}")
        let value = try await json(words, input, location)
        let object = try #require(value as? [String: Any], sourceLocation: location)
        #expect(object.keys.sorted() == keys.split(separator: " ").map(String.init).sorted(), sourceLocation: location)
        return object
    }

    /// The same for a list: `{"items": [...], "next": ...}`, or an array where `isPaged` is not set.
    @discardableResult
    func list(
        _ line: String, keys: String, isPaged: Bool = true, at location: SourceLocation = #_sourceLocation
    ) async throws -> [[String: Any]] {
        let value = try await json(line.replacing(" ", with: "\u{1}"), "", location)
        let page = value as? [String: Any]
        if isPaged { #expect(page?.keys.sorted() == ["items", "next"], sourceLocation: location) }
        let items = try #require((isPaged ? page?["items"] ?? [] : value) as? [[String: Any]], sourceLocation: location)
        for item in items {
            #expect(item.keys.sorted() == keys.split(separator: " ").map(String.init).sorted(), sourceLocation: location)
        }
        return items
    }

    /// Expects a command to fail with a code of its own, which scripts read.
    func refused(
        _ line: String, _ error: String, code: Int32 = 1, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await muster(line.split(separator: " ").map(String.init) + ["--json"])
        #expect(answer.code == code && answer.error.hasPrefix("muster: "), "\(line): \(answer)", sourceLocation: location)
        let object = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: [String: String]]
        #expect(object?["error"]?["code"] == error, "\(line): \(answer.out)", sourceLocation: location)
        #expect(object?["error"]?["message"]?.isEmpty == false, "\(answer.out)", sourceLocation: location)
    }

    private func muster(_ words: [String], input: String = "") async throws -> MusterFixture.Answer {
        try await replicas.muster.muster(
            words, environment: ReplicaFixture.environment(replicas.muster, replicas.server, name: "command"), input: input)
    }

    private func json(_ words: String, _ input: String, _ location: SourceLocation) async throws -> Any {
        let answer = try await muster(words.split(separator: "\u{1}").map(String.init) + ["--json"], input: input)
        #expect(answer.code == 0, "\(words): \(answer.out)\(answer.error)", sourceLocation: location)
        return try JSONSerialization.jsonObject(with: Data(answer.out.utf8), options: .fragmentsAllowed)
    }
}
