// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import WebSurface

/// The deadlines of a connection, without a clock.
@Suite struct ConnectionStateTests {
    private let start = NIODeadline.uptimeNanoseconds(0)
    private let timeouts = ConnectionTimeouts()  // request 30 s, idle 75 s, stalled write 30 s, linger 2 s

    private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }
    private func fresh() -> ConnectionState { ConnectionState(timeouts: timeouts, now: start) }

    @Test func laterBytesBuyNoTime() {
        var state = fresh()
        #expect(state.deadline == at(75) && state.verdict == .close)
        for second in 1...20 { state.bytesArrived(now: at(Int64(second))) }
        #expect(state.deadline == at(31) && state.verdict == .refuse)
    }

    @Test func aBodyThatIsTakenAsItComesHasTimeAsLongAsItComes() {
        var state = fresh()
        state.bytesArrived(now: at(1))
        state.streamBegan(now: at(2))
        #expect(state.deadline == at(32) && state.verdict == .refuse)
        // Trickling is no upload.
        for second in 3...20 { state.bodyArrived(100, now: at(Int64(second))) }
        #expect(state.deadline == at(32))
        state.bodyArrived(timeouts.streamPiece, now: at(21))
        #expect(state.deadline == at(51))
        for minute in 1...100 { state.bodyArrived(timeouts.streamPiece, now: at(Int64(minute) * 25)) }
        #expect(state.deadline == at(2_530))
        state.requestEnded(now: at(2_510))
        #expect(state.deadline == nil)
        // The next request of the connection has the time of any other.
        state.answerBegan()
        state.answerEnded(now: at(2_511))
        state.bytesArrived(now: at(2_512))
        state.bodyArrived(timeouts.streamPiece, now: at(2_520))
        #expect(state.deadline == at(2_542))
    }

    @Test func noDeadlineWhileTheServerWorks() {
        var state = fresh()
        state.bytesArrived(now: at(1))
        state.requestEnded(now: at(2))
        #expect(state.deadline == nil)
        state.bytesArrived(now: at(50))
        #expect(state.deadline == nil)
        state.answerBegan()
        state.answerEnded(now: at(60))
        #expect(state.deadline == at(90) && state.verdict == .refuse)
        state.requestEnded(now: at(61))
        state.answerEnded(now: at(62))
        #expect(state.deadline == at(137) && state.verdict == .close)
    }

    @Test func anEarlyAnswerLeavesNoImmortalConnection() {
        var state = fresh()
        state.bytesArrived(now: at(1))
        state.answerBegan()
        state.answerEnded(now: at(2))
        #expect(state.deadline == at(32))
        state.requestEnded(now: at(3))
        #expect(state.deadline == at(78))
    }

    @Test func aClientMustTakeItsAnswer() {
        var state = fresh()
        state.bytesArrived(now: at(1))
        state.requestEnded(now: at(1))
        state.answerBegan()
        state.writabilityChanged(false, now: at(5))
        #expect(state.deadline == at(35) && state.verdict == .close)
        state.writabilityChanged(true, now: at(6))
        #expect(state.deadline == nil)
    }

    @Test func lingeringEnds() {
        var state = fresh()
        state.bytesArrived(now: at(1))
        state.lingers(now: at(2))
        state.bytesArrived(now: at(3))
        state.requestEnded(now: at(3))
        #expect(state.deadline == at(4) && state.verdict == .close)
    }
}
