// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Sync
import Synchronization
import WebSurface

extension SyncRunAPI {
    /// What becomes of a run as server-sent events (HTML, section 9.2): `state`, `progress`, `end`.
    ///
    /// Each event tells how things stand, not what changed: whoever connects again needs no `Last-Event-ID`.
    func addEventRoutes(to api: RouterGroup<WebContext>) {
        api.get(":id/events") { _, context in
            let (caller, policy) = try asked(context)
            return try await events(of: try await pathID("id", context, caller), policy, by: caller)
        }
    }

    private func events(of id: Int64, _ policy: String, by caller: Caller) async throws -> Response {
        var iterator = desk.events(of: id, policy: policy, by: caller).makeAsyncIterator()
        // What is wrong is told with a status, before the stream begins.
        guard let first = try await iterator.next() else { throw DirectoryError.notFound }
        guard let place = streams.take() else { throw APIError.unavailable(retryAfterSeconds: 10) }
        let (stream, begun) = (iterator, first)
        let body = ResponseBody { writer in
            defer { place.leave() }
            var stream = stream
            var event: RunEvents.Event? = begun
            var silence = 0
            while let current = event, !Task.isShuttingDownGracefully {
                let text = current.text
                silence = text == nil ? silence + 1 : 0
                // Proxies and clients would give up a connection on which nothing comes.
                let isDue = silence == 15
                if isDue { silence = 0 }
                if let text = text ?? (isDue ? ":\n\n" : nil) { try await writer.write(ByteBuffer(string: text)) }
                event = try await stream.next()
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                // A proxy that gathers answers would gather this one to its end.
                .accelBuffering: "no",
            ], body: body)
    }
}

/// So many streams of events at once in a process: each looks into the database every second.
final class EventStreams: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// A place that is given back by ``Place/leave()`` or when it is forgotten.
    final class Place: Sendable {
        private let streams: EventStreams
        private let hasLeft = Mutex(false)

        fileprivate init(_ streams: EventStreams) {
            self.streams = streams
        }

        deinit { leave() }

        func leave() {
            let isFirst = hasLeft.withLock { left in
                defer { left = true }
                return !left
            }
            if isFirst { streams.count.withLock { $0 -= 1 } }
        }
    }

    /// nil when there are too many.
    func take() -> Place? {
        let isFree = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        return isFree ? Place(self) : nil
    }
}

extension RunEvents.Event {
    /// The event as it is sent; nil for none.
    fileprivate var text: String? {
        var writer = JSONWriter(capacity: 512)
        let name: String
        switch self {
        case .quiet: return nil
        case .state(let run):
            name = "state"
            run.write(to: &writer)
        case .end(let run):
            name = "end"
            run.write(to: &writer)
        case .progress(let stage):
            name = "progress"
            stage.write(to: &writer)
        }
        return "event: \(name)\ndata: \(String(buffer: writer.buffer))\n\n"
    }
}

extension RunStage {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("stage", name.rawValue)
            body.field("done", done)
            body.field("of", of)
            body.field("entries", entries.map { Int64($0) })
            body.field("per_second", rate.map { Int64($0.rounded()) })
            body.field("remaining_seconds", remaining.map { Int64($0.rounded(.up)) })
        }
    }
}

extension HTTPField.Name {
    fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
