// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Glibc

extension PostgresConnection {
    /// Runs a `copy ... from stdin` that is fed by `body`, and returns how many rows came in.
    ///
    /// When `body` throws, the copy is aborted and nothing of it stays. Each piece must be taken by the server within
    /// the statement timeout; the copy as a whole may last as long as it likes.
    @discardableResult
    nonisolated(nonsending) package func copyIn(
        _ sql: String, _ body: nonisolated(nonsending) (PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        try await run { session, limits throws(PostgresError) in try session.beginCopy(sql, limits) }
        let writer = PostgresCopyWriter(connection: self)
        do {
            try await body(writer)
            try await writer.flush()
        } catch {
            // The server answers with the error we asked for; the session is whole again afterwards.
            _ = try? await runShielded { session, limits throws(PostgresError) in
                try session.endCopy(aborting: "the client gave up", limits)
            }
            throw error
        }
        return try await run { session, limits throws(PostgresError) in try session.endCopy(aborting: nil, limits) }
    }
}

/// Takes the bytes of a COPY, with back-pressure: `write` returns when the server keeps up.
package final class PostgresCopyWriter {
    /// How much is collected before it goes to the connection's thread.
    private static let pieceSize = 128 * 1024

    private let connection: PostgresConnection
    private var buffer: [UInt8] = []

    init(connection: PostgresConnection) {
        self.connection = connection
    }

    /// Writes bytes in the format the statement names.
    nonisolated(nonsending) package func write(_ bytes: [UInt8]) async throws(PostgresError) {
        if buffer.isEmpty, bytes.count >= Self.pieceSize { return try await send(bytes) }
        buffer += bytes
        if buffer.count >= Self.pieceSize { try await flush() }
    }

    /// Writes what was collected.
    nonisolated(nonsending) package func flush() async throws(PostgresError) {
        if buffer.isEmpty { return }
        let bytes = buffer
        buffer = []
        try await send(bytes)
    }

    nonisolated(nonsending) private func send(_ bytes: [UInt8]) async throws(PostgresError) {
        try await connection.run { session, limits throws(PostgresError) in try session.putCopy(bytes, limits) }
    }
}

extension Session {
    /// libpq queues what it is given, so pieces of this size are flushed one by one.
    private static let copyPiece = 64 * 1024

    func beginCopy(_ sql: String, _ limits: Limits) throws(PostgresError) {
        try checkSent(PQsendQuery(pointer, sql))
        try flush(limits)
        guard let result = try nextResult(limits) else { throw lost() }
        if result.status == PGRES_COPY_IN { return }
        if result.status == PGRES_COPY_OUT || result.status == PGRES_COPY_BOTH { isBroken = true }
        let failure = result.status == PGRES_FATAL_ERROR ? serverError(result) : nil
        while !isBroken, try nextResult(limits) != nil {}
        let reason = settleCancellation()
        throw failure.map { translated($0, cancelledFor: reason) }
            ?? PostgresError(.usage, "the statement is not a COPY FROM STDIN")
    }

    func putCopy(_ bytes: [UInt8], _ limits: Limits) throws(PostgresError) {
        var offset = 0
        while offset < bytes.count {
            let count = min(Self.copyPiece, bytes.count - offset)
            let status = bytes.withUnsafeBytes { raw in
                PQputCopyData(pointer, raw.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self), Int32(count))
            }
            switch status {
            case 1:
                offset += count
                try flushCopy(limits)
            case 0: try flushCopy(limits)
            default: throw copyFailure()
            }
        }
    }

    func endCopy(aborting message: String?, _ limits: Limits) throws(PostgresError) -> Int {
        while true {
            switch PQputCopyEnd(pointer, message) {
            case 1:
                try flush(limits)
                return try collect(limits).affected
            case 0: try flushCopy(limits)
            default: throw copyFailure()
            }
        }
    }

    /// As `flush`, but a limit only ends the waiting: what is queued stays queued, and the copy is aborted behind it.
    private func flushCopy(_ limits: Limits) throws(PostgresError) {
        while true {
            switch PQflush(pointer) {
            case 0: return
            case 1:
                if case .interrupted(let kind) = wait(for: POLLIN | POLLOUT, limits: limits) { throw interruption(kind) }
                guard PQconsumeInput(pointer) == 1 else { throw lost() }
            default: throw lost()
            }
        }
    }

    private func copyFailure() -> PostgresError {
        if PQstatus(pointer) == CONNECTION_BAD { return lost() }
        isBroken = true
        return PostgresError(.usage, "no COPY is under way")
    }
}
