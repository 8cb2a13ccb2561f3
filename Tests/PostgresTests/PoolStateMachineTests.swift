// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Postgres

@Suite struct PoolStateMachineTests {
    private let settings = PostgresConfiguration.Pool(
        limit: 2, keepAlive: .seconds(30), idleTimeout: .seconds(300), backOff: .milliseconds(100),
        maximumBackOff: .milliseconds(350))

    private func at(_ milliseconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

    /// A pool with so many idle connections, numbered from 1.
    private func pool(idle: Int) -> PoolStateMachine {
        var machine = PoolStateMachine(settings: settings)
        for number in 1...idle { _ = machine.lease(UInt64(1000 + number), deadline: .never) }
        for number in 1...idle { _ = machine.connected(number, now: at(0)) }
        for number in 1...idle { _ = machine.release(number, now: at(0)) }
        return machine
    }

    @Test func connectionsOpenAsCallersComeUpToTheLimit() {
        var machine = PoolStateMachine(settings: settings)
        #expect(machine.lease(1, deadline: .never) == .queued([.connect(1)]))
        #expect(machine.lease(2, deadline: .never) == .queued([.connect(2)]))
        #expect(machine.lease(3, deadline: .never) == .queued([]))
        #expect(machine.connected(2, now: at(1)) == [.hand(2, to: 1)])
        #expect(machine.connected(1, now: at(1)) == [.hand(1, to: 2)])
        #expect(machine.release(2, now: at(2)) == [.hand(2, to: 3)])
        #expect(machine.release(1, now: at(3)) == [])
        #expect(machine.lease(4, deadline: .never) == .granted(1))
        #expect(machine.leaseIfIdle() == nil)
    }

    @Test func theConnectionUsedLastIsTakenFirst() {
        var machine = pool(idle: 2)
        #expect(machine.leaseIfIdle() == 2)
        #expect(machine.leaseIfIdle() == 1)
        _ = machine.release(2, now: at(1))
        _ = machine.release(1, now: at(2))
        #expect(machine.leaseIfIdle() == 1)
    }

    @Test func waitingEndsAtTheDeadline() {
        var machine = PoolStateMachine(settings: settings)
        _ = machine.lease(1, deadline: at(50))
        _ = machine.lease(2, deadline: at(20))
        _ = machine.lease(3, deadline: at(90))
        #expect(machine.nextTick == at(20))
        #expect(machine.tick(now: at(19)) == [])
        #expect(machine.tick(now: at(55)) == [.refuse(1, .timeout), .refuse(2, .timeout)])
        #expect(machine.nextTick == at(90))
        #expect(machine.connected(1, now: at(60)) == [.hand(1, to: 3)])
        #expect(machine.connected(2, now: at(60)) == [])
    }

    @Test func whoCancelsLeavesTheQueueOnce() {
        var machine = PoolStateMachine(settings: settings)
        _ = machine.lease(1, deadline: .never)
        _ = machine.lease(2, deadline: .never)
        #expect(machine.cancel(1) == [.refuse(1, .cancelled)])
        #expect(machine.cancel(1) == [])
        #expect(machine.connected(1, now: at(1)) == [.hand(1, to: 2)])
        #expect(machine.cancel(2) == [])
    }

    @Test func attemptsBackOffWhileTheServerIsAway() {
        var machine = PoolStateMachine(settings: settings)
        #expect(machine.lease(1, deadline: at(10_000)) == .queued([.connect(1)]))
        #expect(machine.lease(2, deadline: at(700)) == .queued([.connect(2)]))
        #expect(machine.connectFailed(1, now: at(0)) == [])
        #expect(machine.connectFailed(2, now: at(0)) == [])
        #expect(machine.isAway)
        #expect(machine.nextTick == at(100))
        #expect(machine.tick(now: at(100)) == [.connect(3)])
        #expect(machine.connectFailed(3, now: at(100)) == [])
        #expect(machine.nextTick == at(300))
        #expect(machine.tick(now: at(300)) == [.connect(4)])
        #expect(machine.connectFailed(4, now: at(300)) == [])
        #expect(machine.nextTick == at(650), "the pause is capped")
        #expect(machine.lease(3, deadline: .never) == .queued([]))
        #expect(machine.tick(now: at(700)) == [.refuse(2, .unavailable), .connect(5)])
        #expect(machine.connected(5, now: at(710)) == [.hand(5, to: 1), .connect(6)])
        #expect(!machine.isAway)
    }

    @Test func idleConnectionsAreCheckedAndAge() {
        var machine = pool(idle: 2)
        #expect(machine.nextTick == at(30_000))
        #expect(machine.tick(now: at(30_000)) == [.check(1), .check(2)])
        #expect(machine.leaseIfIdle() == nil)
        #expect(machine.release(1, now: at(30_010)) == [])
        #expect(machine.lease(7, deadline: .never) == .granted(1))
        #expect(machine.closed(2, now: at(30_020)) == [])
        #expect(machine.open == 1)
        _ = machine.release(1, now: at(40_000))
        #expect(machine.tick(now: at(70_000)) == [.check(1)])
        _ = machine.release(1, now: at(70_000))
        #expect(machine.tick(now: at(339_999)) == [.check(1)], "checking does not make a connection young")
        _ = machine.release(1, now: at(339_999))
        #expect(machine.tick(now: at(340_000)) == [.close(1)])
        #expect(machine.closed(1, now: at(340_001)) == [])
        #expect(machine.nextTick == .never)
    }

    @Test func aLostConnectionIsReplacedForThoseWhoWait() {
        var machine = pool(idle: 2)
        _ = machine.leaseIfIdle()
        _ = machine.leaseIfIdle()
        #expect(machine.lease(9, deadline: .never) == .queued([]))
        #expect(machine.closed(1, now: at(1)) == [.connect(3)])
        #expect(machine.release(1, now: at(2)) == [], "what is gone cannot come back")
        #expect(machine.connected(3, now: at(3)) == [.hand(3, to: 9)])
    }

    @Test func closingWaitsForWhatIsBorrowed() {
        var machine = pool(idle: 2)
        _ = machine.leaseIfIdle()
        #expect(machine.close(deadline: at(500)) == [.close(1)])
        #expect(machine.lease(5, deadline: .never) == .refused(.closed))
        #expect(machine.leaseIfIdle() == nil)
        #expect(machine.closed(1, now: at(10)) == [])
        #expect(machine.release(2, now: at(20)) == [.close(2)])
        #expect(machine.closed(2, now: at(30)) == [.finished])
    }

    @Test func closingGivesUpAtItsDeadline() {
        var machine = pool(idle: 1)
        _ = machine.leaseIfIdle()
        _ = machine.lease(5, deadline: .never)
        #expect(machine.close(deadline: at(500)) == [.refuse(5, .closed)])
        #expect(machine.nextTick == at(500))
        #expect(machine.tick(now: at(500)) == [.finished])
        #expect(machine.release(1, now: at(501)) == [])
    }

    @Test func anEmptyPoolClosesAtOnce() {
        var machine = PoolStateMachine(settings: settings)
        #expect(machine.close(deadline: .never) == [.finished])
    }

    /// Whatever happens in whatever order: nobody is answered twice, no connection is with two callers, the limit holds,
    /// and everybody is answered in the end.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomHistoriesKeepTheInvariants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var model = PoolModel(settings: settings)
        for step in 0..<4000 {
            model.step(step, &random)
            #expect(model.violation == nil, "seed \(seed), step \(step)")
            if model.violation != nil { return }
        }
        model.finish()
        #expect(model.violation == nil, "seed \(seed)")
        #expect(model.unanswered.isEmpty, "seed \(seed)")
    }
}

/// Plays threads and callers against the machine and notes what must not happen.
private struct PoolModel {
    private var machine: PoolStateMachine
    private var now = MonotonicInstant(nanoseconds: 0)
    private var connecting: Set<Int> = []
    private var held: [Int: UInt64] = [:]
    private var checking: Set<Int> = []
    private var idleClosing: Set<Int> = []
    private(set) var unanswered: Set<UInt64> = []
    private var callers: UInt64 = 0
    private var open: Set<Int> = []
    private(set) var violation: String?

    init(settings: PostgresConfiguration.Pool) {
        machine = PoolStateMachine(settings: settings)
    }

    mutating func step<G: RandomNumberGenerator>(_ number: Int, _ random: inout G) {
        now = now + .milliseconds(Int.random(in: 0...(number % 97 == 0 ? 40_000 : 20), using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3: lease(timeout: .milliseconds(Int.random(in: 1...200, using: &random)))
        case 4: if let caller = unanswered.min() { apply(machine.cancel(caller)) }
        case 5...6: settleOne(succeeds: Int.random(in: 0..<4, using: &random) > 0)
        case 7: if let connection = held.keys.min() { giveBack(connection) }
        case 8: if let connection = open.min(), Bool.random(using: &random) { lose(connection) }
        default: apply(machine.tick(now: now))
        }
        if machine.open > 2 { violation = "more connections than the limit" }
    }

    mutating func finish() {
        apply(machine.close(deadline: now + .seconds(1)))
        for connection in held.keys { giveBack(connection) }
        while !connecting.isEmpty { settleOne(succeeds: true) }
    }

    private mutating func lease(timeout: Duration) {
        callers += 1
        unanswered.insert(callers)
        switch machine.lease(callers, deadline: now + timeout) {
        case .granted(let connection): hand(connection, to: callers)
        case .refused: unanswered.remove(callers)
        case .queued(let actions): apply(actions)
        }
    }

    private mutating func settleOne(succeeds: Bool) {
        if let connection = checking.min() {
            checking.remove(connection)
            apply(machine.release(connection, now: now))
        } else if let connection = connecting.min() {
            connecting.remove(connection)
            if succeeds {
                open.insert(connection)
                apply(machine.connected(connection, now: now))
            } else {
                apply(machine.connectFailed(connection, now: now))
            }
        }
    }

    private mutating func giveBack(_ connection: Int) {
        held[connection] = nil
        apply(machine.release(connection, now: now))
    }

    private mutating func lose(_ connection: Int) {
        open.remove(connection)
        held[connection] = nil
        checking.remove(connection)
        apply(machine.closed(connection, now: now))
    }

    private mutating func hand(_ connection: Int, to caller: UInt64) {
        if unanswered.remove(caller) == nil { violation = "caller \(caller) was answered twice" }
        if held[connection] != nil { violation = "connection \(connection) has two holders" }
        if !open.contains(connection) { violation = "connection \(connection) is not open" }
        held[connection] = caller
    }

    private mutating func apply(_ actions: [PoolStateMachine.Action]) {
        for action in actions {
            switch action {
            case .connect(let connection): connecting.insert(connection)
            case .hand(let connection, let caller): hand(connection, to: caller)
            case .refuse(let caller, _):
                if unanswered.remove(caller) == nil { violation = "caller \(caller) was answered twice" }
            case .check(let connection):
                if held[connection] != nil { violation = "a held connection is checked" }
                checking.insert(connection)
            case .close(let connection):
                if held[connection] != nil { violation = "a held connection is closed" }
                lose(connection)
            case .finished: break
            }
        }
    }
}

/// A generator whose sequence its seed decides.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
