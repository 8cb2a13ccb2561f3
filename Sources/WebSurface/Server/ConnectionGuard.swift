// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands between the HTTP codec and Hummingbird on each connection.
///
/// - Cuts off clients that are slow to send or to receive, by ``ConnectionState``.
/// - Gives what Hummingbird answers by itself (a request that does not parse) the API's error shape.
/// - Honours `Connection: close` in requests and answers, and lets the answer arrive before the connection is cut.
/// - Answers `Expect: 100-continue`, so that clients send larger bodies without waiting.
///
/// All state belongs to the channel's event loop.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let options: Options
    private var state: ConnectionState
    private var check: Scheduled<Void>?
    private var parserError: HTTPParserError?
    private var closesAfterAnswer = false
    /// Requests and answers are counted, since a pipelined request may ask to close while earlier ones still wait.
    private var requests = 0
    private var answers = 0
    private var lastRequest: Int?
    private var hasFinished = false

    /// What a guard needs to know.
    struct Options: Sendable {
        var timeouts: ConnectionTimeouts
        var maximumBodySize: Int
        /// Whether a request has a body that its handler takes piece by piece.
        var streamsBody: @Sendable (HTTPRequest) -> Bool
        /// Told about each request refused here, before any handler: status, request id, peer.
        var onRefusal: @Sendable (HTTPResponse.Status, String, SocketAddress?) -> Void
    }

    init(_ options: Options) {
        self.options = options
        state = ConnectionState(timeouts: options.timeouts, now: .now())
    }

    // MARK: - Life

    func handlerAdded(context: ChannelHandlerContext) {
        // A half-sent head is not visible behind the HTTP decoder: watch the bytes in front of it.
        try? context.pipeline.syncOperations.addHandler(ByteWatch(guard: self), position: .first)
        scheduleCheck(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        check?.cancel()
        check = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        check = nil
        context.fireChannelInactive()
    }

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        let latest = NIODeadline.now() + state.checkInterval
        let time = state.deadline.map { min($0, latest) } ?? latest
        check = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.checkDeadline(context) }
    }

    private func checkDeadline(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        guard let deadline = state.deadline, deadline <= .now() else { return scheduleCheck(context) }
        switch state.verdict {
        case .close: context.close(promise: nil)
        case .refuse:
            refuse(.requestTimeout, context)
            scheduleCheck(context)
        }
    }

    // MARK: - Inbound

    func bytesArrived() { state.bytesArrived(now: .now()) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasFinished else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): requestBegan(head, context)
        case .body(let piece): state.bodyArrived(piece.readableBytes, now: .now())
        case .end: state.requestEnded(now: .now())
        }
        context.fireChannelRead(data)
    }

    private func requestBegan(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        requests += 1
        if options.streamsBody(head) { state.streamBegan(now: .now()) }
        if let connection = head.headerFields[.connection], connection.lowercased().contains("close") {
            lastRequest = requests
        }
        if let expectation = head.headerFields[.expect], expectation.lowercased() == "100-continue",
            Int(head.headerFields[.contentLength] ?? "0") ?? .max <= options.maximumBodySize
        {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError {
            parserError = error
            context.fireErrorCaught(error)
        } else if error is ChannelError || error is IOError {
            context.fireErrorCaught(error)
        } else {
            // A head that parses but names an impossible verb, path or header; Hummingbird would close without a word.
            context.fireErrorCaught(HTTPParserError.unknown)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writabilityChanged(context.channel.isWritable, now: .now())
        context.fireChannelWritabilityChanged()
    }

    // MARK: - Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasFinished else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational:
            guard head.headerFields.contains(.xRequestID) else {
                // Ours all have an id: this is Hummingbird's own answer to what does not parse.
                promise?.succeed()
                return refuse(parserError == .headerOverflow ? .requestHeaderFieldsTooLarge : head.status, context)
            }
            if head.headerFields[.connection] == "close" { closesAfterAnswer = true }
            state.answerBegan()
            context.write(data, promise: promise)
        case .end:
            answers += 1
            state.answerEnded(now: .now())
            context.write(data, promise: promise)
            if closesAfterAnswer || answers == lastRequest { finish(context) }
        default: context.write(data, promise: promise)
        }
    }

    private func refuse(_ status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        let error = APIError(status: status)
        let requestID = RequestID().description
        let head = HTTPResponse(
            status: status,
            headerFields: [
                .xRequestID: requestID, .contentType: "application/json; charset=utf-8", .xContentTypeOptions: "nosniff",
                .cacheControl: "no-store", .connection: "close", .contentLength: String(error.body.readableBytes),
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(error.body)), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        options.onRefusal(status, requestID, context.channel.remoteAddress)
        finish(context)
    }

    /// Sends the answer off, and reads on for a while: closing with unread bytes would reset the connection and could
    /// take the answer with it.
    private func finish(_ context: ChannelHandlerContext) {
        hasFinished = true
        state.lingers(now: .now())
        context.flush()
        context.close(mode: .output, promise: nil)
    }
}

/// Tells the guard that bytes arrived, before any decoder has seen them.
private final class ByteWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connectionGuard: ConnectionGuard

    init(guard connectionGuard: ConnectionGuard) {
        self.connectionGuard = connectionGuard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connectionGuard.bytesArrived()
        context.fireChannelRead(data)
    }
}
