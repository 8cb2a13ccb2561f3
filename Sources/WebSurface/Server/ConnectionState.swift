// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// How long a connection may take over what.
package struct ConnectionTimeouts: Sendable {
    /// From the first byte of a request to the last byte of its body, however steadily the bytes trickle.
    package var request: TimeAmount = .seconds(30)
    /// For each ``streamPiece`` of a body that its handler takes piece by piece, however long it is.
    package var stream: TimeAmount = .seconds(30)
    /// In bytes: less in that time is no upload but a connection that is held.
    package var streamPiece = 16 << 10
    /// Without any request on the connection.
    package var idle: TimeAmount = .seconds(75)
    /// For a client that does not take its answer.
    package var stalledWrite: TimeAmount = .seconds(30)
    /// How long the rest of a refused request is thrown away before the connection is cut, so that the answer arrives.
    package var linger: TimeAmount = .seconds(2)

    /// The defaults.
    package init() {}
}

/// Decides when a connection has had its time. Pure: events and instants in, deadline and verdict out.
///
/// The server's own time never counts: while a whole request waits for its answer there is no deadline.
struct ConnectionState {
    /// What to do when the deadline has passed.
    enum Verdict: Equatable {
        /// A request is half received: say 408, then close.
        case refuse
        case close
    }

    private let timeouts: ConnectionTimeouts
    /// Bytes of a request have come that is not complete.
    private var isReceiving = false
    /// Requests received completely and not answered.
    private var waiting = 0
    /// Requests answered before they were received completely.
    private var answeredEarly = 0
    private var isAnswering = false
    /// Bytes that came of a streamed body since its clock was set; nil while no such body comes.
    private var streamed: Int?
    private var isLingering = false

    /// When the client's time is up; nil while it is the server's turn.
    private(set) var deadline: NIODeadline?

    init(timeouts: ConnectionTimeouts, now: NIODeadline) {
        self.timeouts = timeouts
        deadline = now + timeouts.idle
    }

    /// Some bytes arrived. Only the first ones of a request start its clock.
    mutating func bytesArrived(now: NIODeadline) {
        guard !isReceiving, !isLingering else { return }
        isReceiving = true
        if waiting == 0 { deadline = now + timeouts.request }
    }

    /// The head of a request came whose body may take as long as it needs.
    mutating func streamBegan(now: NIODeadline) {
        guard isReceiving, !isLingering else { return }
        streamed = 0
        if waiting == 0, !isAnswering { deadline = now + timeouts.stream }
    }

    /// A piece of a body came.
    mutating func bodyArrived(_ bytes: Int, now: NIODeadline) {
        guard let streamed, !isLingering else { return }
        self.streamed = streamed + bytes
        guard streamed + bytes >= timeouts.streamPiece else { return }
        self.streamed = 0
        if waiting == 0, !isAnswering { deadline = now + timeouts.stream }
    }

    /// A request is complete.
    mutating func requestEnded(now: NIODeadline) {
        streamed = nil
        guard !isLingering else { return }
        isReceiving = false
        if answeredEarly > 0 {
            answeredEarly -= 1
            clientsTurn(now: now)
        } else {
            waiting += 1
            deadline = nil
        }
    }

    /// The head of an answer goes out.
    mutating func answerBegan() { isAnswering = true }

    /// An answer is complete.
    mutating func answerEnded(now: NIODeadline) {
        isAnswering = false
        if waiting > 0 { waiting -= 1 } else { answeredEarly += 1 }
        clientsTurn(now: now)
    }

    /// The socket does not take more bytes, or does again.
    mutating func writabilityChanged(_ isWritable: Bool, now: NIODeadline) {
        guard isAnswering, !isLingering else { return }
        deadline = isWritable ? nil : now + timeouts.stalledWrite
    }

    /// The last answer was sent; what the client still sends is thrown away.
    mutating func lingers(now: NIODeadline) {
        isLingering = true
        deadline = now + timeouts.linger
    }

    /// What to do when the deadline is reached.
    var verdict: Verdict { isReceiving && !isAnswering && !isLingering ? .refuse : .close }

    /// The longest wait before the deadline must be looked at again: a new one is never earlier than this.
    var checkInterval: TimeAmount {
        min(timeouts.request, timeouts.stream, timeouts.idle, timeouts.stalledWrite, timeouts.linger)
    }

    private mutating func clientsTurn(now: NIODeadline) {
        guard waiting == 0 else {
            deadline = nil
            return
        }
        // A request that trickles in behind an answer gets its full time from here.
        deadline = now + (isReceiving ? timeouts.request : timeouts.idle)
    }
}
