// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Sync

/// Whose turn it is among the runs of a process.
@Suite struct RunSeatsTests {
    /// Somebody who sits until he is told to leave.
    private final class Guest: Sendable {
        let (arrivals, arrival) = AsyncStream<Void>.makeStream()
        let (departures, departure) = AsyncStream<Void>.makeStream()

        func sit(_ seats: RunSeats, _ source: String) async throws {
            try await seats.sit(source) {
                arrival.yield()
                for await _ in departures { return }
            }
        }

        func arrived() async { for await _ in arrivals { return } }
        func leave() { departure.yield() }
    }

    /// Who sat down, in that order.
    private final class Order: Sendable {
        private let names = Mutex<[String]>([])

        func append(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    /// Lets everything that is ready go on.
    private func settle() async { for _ in 0..<200 { await Task.yield() } }

    @Test func twoSitAtOnceEachForAnotherSourceInTheOrderOfTheirComing() async throws {
        let seats = RunSeats(2)
        let order = Order()
        let guests = [("a", Guest()), ("a", Guest()), ("b", Guest()), ("c", Guest()), ("a", Guest())]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (source, guest)) in guests.enumerated() {
                group.addTask {
                    try await seats.sit(source) {
                        order.append("\(source)\(number)")
                        guest.arrival.yield()
                        for await _ in guest.departures { return }
                    }
                }
                await settle()
            }
            // The second of a waits for the first, and keeps nobody else from the other seat.
            #expect(order.all == ["a0", "b2"])
            guests[2].1.leave()
            await guests[3].1.arrived()
            #expect(order.all == ["a0", "b2", "c3"])
            guests[0].1.leave()
            await guests[1].1.arrived()
            guests[3].1.leave()
            await settle()
            #expect(order.all == ["a0", "b2", "c3", "a1"], "a source is one at a time")
            guests[1].1.leave()
            await guests[4].1.arrived()
            guests[4].1.leave()
            try await group.waitForAll()
        }
        #expect(order.all.count == 5)
    }

    @Test func whoIsCancelledLeavesTheQueueAndWhoFailsGivesTheSeatBack() async throws {
        struct Fault: Error {}
        let seats = RunSeats(1)
        let first = Guest()
        let sitting = Task { try await first.sit(seats, "a") }
        await first.arrived()
        let waiting = Task { try await seats.sit("b") { 1 } }
        await settle()
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        // Cancelled before it came.
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await seats.sit("b") { 1 }
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        first.leave()
        try await sitting.value
        await #expect(throws: Fault.self) { try await seats.sit("c") { throw Fault() } }
        #expect(try await seats.sit("c") { 2 } == 2)
    }

    @Test func aRunThatNobodyWaitsForDoesNotBegin() async throws {
        let asked = AskedRun()
        await #expect(throws: SyncError.self) { try await asked.number(within: .milliseconds(1)) }
        await #expect(throws: CancellationError.self) { try await asked.begin({ $0 }) { Int64(7) } }
        // One that has begun is told, and is not begun again.
        let told = AskedRun()
        #expect(try await told.begin({ $0 }) { Int64(7) } == 7)
        #expect(told.hasBegun)
        #expect(try await told.number(within: .seconds(60)) == 7)
        await #expect(throws: CancellationError.self) { try await told.begin({ $0 }) { Int64(8) } }
        // What fails may be tried again.
        struct Fault: Error {}
        let again = AskedRun()
        await #expect(throws: Fault.self) { try await again.begin({ $0 }) { () throws -> Int64 in throw Fault() } }
        #expect(try await again.begin({ $0 }) { Int64(9) } == 9)
    }
}
