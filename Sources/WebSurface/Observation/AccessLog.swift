// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Logging

/// One line per request. The path goes without its query string, which may hold tokens and e-mail addresses.
struct AccessLog: Sendable {
    let logger: Logger

    /// What a line says.
    struct Entry {
        var method: String
        var path: String
        var status: HTTPResponse.Status
        var duration: Duration
        /// Body bytes answered; nil when streamed.
        var bytes: Int?
        var requestID: String
        var remoteAddress: String
        var errorCode: String?
    }

    func record(_ entry: @autoclosure () -> Entry, status: HTTPResponse.Status, isProbe: Bool) {
        let level = Self.level(status, isProbe: isProbe)
        guard logger.logLevel <= level else { return }
        let entry = entry()
        var metadata: Logger.Metadata = [
            "method": .string(entry.method), "path": .string(entry.path), "status": .stringConvertible(entry.status.code),
            "duration_ms": .string(Self.milliseconds(entry.duration)), "request_id": .string(entry.requestID),
            "remote": .string(entry.remoteAddress),
        ]
        if let bytes = entry.bytes { metadata["bytes"] = .stringConvertible(bytes) }
        if let code = entry.errorCode { metadata["error"] = .string(code) }
        logger.log(level: level, "request", metadata: metadata)
    }

    /// Our faults are errors, refusals notices, the rest information; health probes are noise.
    static func level(_ status: HTTPResponse.Status, isProbe: Bool) -> Logger.Level {
        switch status.code {
        case 500...: isProbe ? .warning : .error
        case 400...: .notice
        default: isProbe ? .debug : .info
        }
    }

    /// Milliseconds with three decimals, without Foundation.
    static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
