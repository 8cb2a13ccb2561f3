// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Synchronization
import Testing

/// What happens to the export while it is read: the run has the one content or the other, or nothing.
@Suite struct ReplacedFileTests {
    /// Many pieces of a file, so that the first is long staged when the last is read.
    private static let people = 4_000

    /// An export of so many people, each with much that no policy asks for.
    private static func export(_ people: Int) -> String {
        let description = String(repeating: "Long text. ", count: 120)
        return Person.export(Person.crowd(people)).replacing(
            "\"objectClass\":", with: "\"description\":[\"\(description)\"],\"objectClass\":")
    }

    /// Runs an export to which something happens after its first piece, and then what lies there as it is.
    ///
    /// - Parameters:
    ///   - state: of the first run; where it is refused, everything is as before.
    ///   - isMended: whether the file is whole again before the next run.
    private func expect(
        _ state: RunState, code: String?..., people expected: Int = people, then: Int = people + 1,
        isFolder: Bool = false, isMended: Bool = false, _ happens: @escaping @Sendable (URL) throws -> Void
    ) async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 100}, administrators: {count: 10000}}")
            try await world.reconcile(policy, Person.export(Person.crowd(30)))
            let image = try await world.image()

            let path = world.folder.appending(path: isFolder ? "folder" : "large.json")
            if isFolder { try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true) }
            let file = isFolder ? path.appending(path: "users-1.json") : path
            let whole = Data(Self.export(Self.people).utf8)
            try whole.write(to: file)
            let fault = Fault { try happens(file) }
            let progress = RunProgress { step in if case .reading = step { fault.happen() } }
            let run = try await world.reconciler.reconcile(policy, file: path.path, actor: "test", progress: progress)
            #expect(fault.error == nil && fault.isOver)
            #expect(
                run.state == state && (code.isEmpty ? [nil] : code).contains(run.code),
                "\(run.state) \(run.code ?? ""): \(run.reason ?? "")")
            if state == .refused { #expect(try await world.image() == image) }
            if state == .done { #expect(try await world.count("select count(*) from users") == expected) }
            #expect(try await world.count("select count(*) from pg_tables where schemaname = 'staging'") == 0)

            if isMended { try whole.write(to: file) }
            guard FileManager.default.fileExists(atPath: file.path) else { return }
            let next = try await world.reconciler.reconcile(policy, file: path.path, actor: "test")
            #expect(next.state == .done, "\(next.reason ?? "")")
            #expect(try await world.count("select count(*) from users") == then)
        }
    }

    private static let newer = export(people + 1)

    /// What is open is read to its end, and what took its name is the next run's.
    @Test func anotherIsRenamedOverIt() async throws {
        try await expect(.done) { file in
            let draft = file.appendingPathExtension("part")
            try Data(Self.newer.utf8).write(to: draft)
            try #require(rename(draft.path, file.path) == 0)
        }
    }

    @Test func itIsRemoved() async throws {
        try await expect(.done) { try FileManager.default.removeItem(at: $0) }
    }

    @Test func itIsWrittenAnewInPlace() async throws {
        // A look that falls between the two steps finds the end of the file.
        try await expect(.refused, code: "unreadable", "truncated") { file in
            let handle = try FileHandle(forWritingTo: file)
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: Data(Self.newer.utf8))
            try handle.close()
        }
    }

    @Test func somethingIsAppended() async throws {
        try await expect(.refused, code: "unreadable", then: Self.people) { file in
            let handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(" \n".utf8))
            try handle.close()
        }
    }

    /// The end is missing, and the reader says so before anybody compares sizes.
    @Test func itIsCutOff() async throws {
        try await expect(.refused, code: "truncated", then: Self.people, isMended: true) { file in
            let handle = try FileHandle(forWritingTo: file)
            try handle.truncate(atOffset: 1 << 20)
            try handle.close()
        }
    }

    @Test func aFileOfAFolderIsReplaced() async throws {
        try await expect(.refused, code: "unreadable", isFolder: true) { file in
            try Data(Self.newer.utf8).write(to: file, options: .atomic)
        }
    }

    @Test func aFileComesIntoAFolder() async throws {
        let one = Person.export([Person(id: Self.people + 1, mail: "late@example.org", name: "Late")])
        try await expect(.refused, code: "unreadable", isFolder: true) { file in
            try Data(one.utf8).write(to: file.deletingLastPathComponent().appending(path: "users-2.json"))
        }
    }
}

/// Happens once.
final class Fault: Sendable {
    private struct State {
        var isOver = false
        var error: (any Error)?
    }

    private let state = Mutex(State())
    private let body: @Sendable () throws -> Void

    init(_ body: @escaping @Sendable () throws -> Void) {
        self.body = body
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    var error: (any Error)? { state.withLock { $0.error } }

    func happen() {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            do { try body() } catch { state.error = error }
        }
    }
}
