// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Directory

@Suite struct TurnsTests {
    /// Holds the turn of key 1 until it is told to leave.
    private static func occupy(_ turns: Turns, _ body: (AsyncStream<Void>.Continuation) async throws -> Void) async throws {
        let (gate, leave) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await turns.take(1) {
                    enter.finish()
                    for await _ in gate {}
                }
            }
            for await _ in entered {}
            try await body(leave)
            leave.finish()
            try await group.waitForAll()
        }
    }

    private final class Inside: Sendable {
        let count = Atomic(0)
    }

    @Test func oneAfterTheOther() async throws {
        let turns = Turns()
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await turns.take(1) {
                        let before = inside.count.add(1, ordering: .relaxed).oldValue
                        #expect(before == 0)
                        await Task.yield()
                        inside.count.subtract(1, ordering: .relaxed)
                    }
                }
            }
            try await group.waitForAll()
        }
        // The line is gone: the next one enters at once.
        #expect(try await turns.take(1) { 7 } == 7)
    }

    @Test func othersDoNotWait() async throws {
        let turns = Turns()
        try await Self.occupy(turns) { _ in
            let other = try await turns.take(2) { 2 }
            #expect(other == 2)
        }
    }

    @Test func whoIsCancelledLeavesTheLine() async throws {
        let turns = Turns()
        try await Self.occupy(turns) { leave in
            let impatient = Task { try await turns.take(1) { 1 } }
            let patient = Task { try await turns.take(1) { 2 } }
            impatient.cancel()
            await #expect(throws: CancellationError.self) { try await impatient.value }
            leave.finish()
            let second = try await patient.value
            #expect(second == 2)
        }
    }

    @Test func aLongLineTurnsPeopleAway() async throws {
        let turns = Turns()
        try await Self.occupy(turns) { leave in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<(Turns.longestLine + 5) {
                    group.addTask {
                        do {
                            return try await turns.take(1) { true }
                        } catch DirectoryError.unavailable {
                            return false
                        }
                    }
                }
                // Those that are turned away come back first; then the others may in.
                var refused = 0
                for _ in 0..<5 { if try await group.next() == false { refused += 1 } }
                #expect(refused == 5)
                leave.finish()
                let admitted = try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                #expect(admitted == Turns.longestLine)
            }
        }
    }
}
